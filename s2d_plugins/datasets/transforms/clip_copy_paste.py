"""Paste objects of one clip into another."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...arguments import check_number, check_share, items_of, refuse
from ...errors import S2DInputError
from ...registry import TRANSFORMS
from .mask_ops import resize_masks, set_instances


def paste_objects(image: np.ndarray, masks: np.ndarray, source: np.ndarray,
                  source_masks: np.ndarray, top: int, left: int) -> tuple[np.ndarray, np.ndarray]:
    """Paste the masked pixels of ``source`` over an image, its corner at row top, column left.

    Args:
        image: (H, W, 3) uint8.
        masks: (N, H, W) uint8 of the image's own objects.
        source: (h, w, 3) uint8, h + top <= H, w + left <= W.
        source_masks: (M, h, w) uint8 of the objects to paste.
        top: Row of the source's first row.
        left: Column of the source's first column.

    Returns:
        The new image and (N + M, H, W) masks: the image's own without what is now hidden, then
        the pasted ones. The inputs stay as they are.
    """
    height, width = source.shape[:2]
    window = (slice(top, top + height), slice(left, left + width))
    image, masks = image.copy(), masks.copy()
    pasted = np.zeros((len(source_masks), *image.shape[:2]), np.uint8)
    pasted[:, window[0], window[1]] = source_masks
    covered = source_masks.any(axis=0)
    image[window][covered] = source[covered]
    masks[:, window[0], window[1]][:, covered] = 0
    return image, np.concatenate([masks, pasted])


@TRANSFORMS.register_module()
class ClipCopyPaste(BaseTransform):
    """Paste a random part of another clip's instances, the same ones in all frames.

    Works on whole clips (lists with one entry per frame) inside mmdet's ``MultiImageMixDataset``,
    which fetches the other clip. That clip is scaled to fit this one and placed at random, both
    alike in all frames; pasted instances get new ids; masks below them lose what they hide and
    leave the frame if nothing is left. An augmentation for dense labels: in a frame where a pasted
    instance has no mask, nothing of it is pasted.

    Args:
        prob: Probability that something is pasted.
        scale_range: Size of the other clip relative to the largest that fits, drawn evenly.

    Raises:
        S2DInputError: If an argument is no number or out of its range.
    """

    def __init__(self, prob: float = 0.5, scale_range: tuple[float, float] = (0.5, 1.0)):
        check_share(self, prob=prob)
        check_number(self, above=0, high=1,
                     **items_of(self, 'scale_range', scale_range, length=2))
        if scale_range[0] > scale_range[1]:
            raise refuse(self, 'scale_range', scale_range, 'two numbers, the smaller one first')
        self.prob = prob
        self.scale_range = tuple(scale_range)

    def get_indexes(self, dataset) -> list[int]:
        """Choose the other clip: one video, or none with probability ``1 - prob``."""
        if np.random.rand() >= self.prob:
            return []
        return [np.random.randint(len(dataset))]

    def transform(self, results: dict) -> dict:
        """Paste ``results['mix_results'][0]``, if there is one, into the clip."""
        others = results.get('mix_results')
        if not others:
            return results
        other = others[0]
        num_frames = len(results['img'])
        if len(other['img']) != num_frames:
            raise S2DInputError(f'ClipCopyPaste expects clips of equal length, found {num_frames} '
                                f'and {len(other["img"])} frames; sample both with the same '
                                'num_frames')
        ids = np.unique(np.concatenate(other['gt_instances_ids']))
        if not len(ids):
            return results
        chosen = np.random.permutation(ids)[:np.random.randint(len(ids)) + 1]
        first_id = 1 + max((int(frame.max()) for frame in results['gt_instances_ids']
                            if len(frame)), default=0)
        size, top, left = self._place(results['img'][0].shape[:2], other['img'][0].shape[:2])
        for frame in range(num_frames):
            self._paste_frame(results, other, frame, chosen, first_id, size, top, left)
        return results

    def _place(self, target: tuple[int, int],
               source: tuple[int, int]) -> tuple[tuple[int, int], int, int]:
        """Draw the (height, width) of the scaled source and its first row and column."""
        fit = min(target[0] / source[0], target[1] / source[1])
        scale = fit * np.random.uniform(*self.scale_range)
        height, width = (max(1, min(limit, round(length * scale)))
                         for limit, length in zip(target, source, strict=True))
        top = np.random.randint(target[0] - height + 1)
        left = np.random.randint(target[1] - width + 1)
        return (height, width), top, left

    @staticmethod
    def _paste_frame(results: dict, other: dict, frame: int, chosen: np.ndarray, first_id: int,
                     size: tuple[int, int], top: int, left: int) -> None:
        other_ids = other['gt_instances_ids'][frame]
        index = np.flatnonzero(np.isin(other_ids, chosen))
        source = cv2.resize(other['img'][frame], size[::-1], interpolation=cv2.INTER_LINEAR)
        source_masks = resize_masks(other['gt_masks'][frame].masks[index], size)
        image, masks = paste_objects(results['img'][frame], results['gt_masks'][frame].masks,
                                     source, source_masks, top, left)
        new_ids = first_id + np.searchsorted(np.sort(chosen), other_ids[index])
        fields = {}
        set_instances(
            fields, masks, np.concatenate([results['gt_instances_ids'][frame], new_ids]),
            *(np.concatenate([results[key][frame], other[key][frame][index]])
              for key in ('gt_bboxes_labels', 'gt_ignore_flags')))
        results['img'][frame] = image
        for key, value in fields.items():
            results[key][frame] = value

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, scale_range={self.scale_range})'
