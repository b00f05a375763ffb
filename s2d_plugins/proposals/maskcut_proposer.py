"""Object masks of single frames by MaskCut."""

import cv2
import numpy as np
from scipy.ndimage import binary_fill_holes

from s2d_plugins.arguments import check_config, check_count, check_flag, check_number, check_share
from s2d_plugins.errors import S2DInputError, one_line
from s2d_plugins.labels.rle import encode_masks
from s2d_plugins.registry import FEATURE_EXTRACTORS, MASK_PROPOSERS
from s2d_plugins.structures import Frames

from .base_mask_proposer import BaseMaskProposer, Progress, checked_frame
from .mask_candidates import overlap
from .mask_refinement import refine_mask
from .maskcut import MaskCut, maskcut

#: A mask that refinement changes so much (IoU) is dropped, as in the published method.
LEAST_AGREEMENT = 0.5


@MASK_PROPOSERS.register_module()
class MaskCutProposer(BaseMaskProposer):
    """MaskCut (Wang et al., CVPR 2023) on the patch features of each frame.

    The masks of patches (:func:`maskcut`) are enlarged to the frame, drawn to its edges and freed
    of holes. The score of a mask is 1 less its cut's eigenvalue: how cleanly it was cut.

    Args:
        extractor: Config of the features, from ``FEATURE_EXTRACTORS``.
        tau: Patches whose cosine is above this look alike.
        max_masks: Most masks per frame.
        refine: Draw outlines to image edges, as :class:`MotionColorProposer` does; else masks
            keep the outlines of their patches.
        max_size: Longer side in pixels at which outlines are drawn.
        min_area: Smallest mask, as a share of the frame.

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, extractor: dict, tau: float = 0.15, max_masks: int = 3,
                 refine: bool = True, max_size: int = 480, min_area: float = 0.0):
        check_config(self, extractor=extractor)
        check_number(self, tau=tau, low=0, below=1)
        check_count(self, max_masks=max_masks)
        check_flag(self, refine=refine)
        check_count(self, max_size=max_size, low=64)
        check_share(self, min_area=min_area)
        self.extractor = FEATURE_EXTRACTORS.build(extractor)
        self.tau, self.max_masks, self.min_area = tau, max_masks, min_area
        self.refine, self.max_size = refine, max_size

    def propose(self, frames: Frames,
                progress: Progress | None = None) -> list[list[dict]]:
        """See :meth:`BaseMaskProposer.propose`."""
        if len(frames) == 0:
            raise S2DInputError('MaskCutProposer: expected at least one frame, found none')
        size = checked_frame(frames, 0).shape[:2]
        proposals: list[list[dict]] = []
        starts: list[np.ndarray | None] = []
        for index, features in enumerate(self.extractor.extract(frames)):
            try:
                cut = maskcut(features.reshape(len(features), -1), features.shape[1:], self.tau,
                              self.max_masks, starts)
            except S2DInputError as error:
                raise S2DInputError(f'frame {index}: {one_line(error)}') from error
            starts = cut.starts
            proposals.append(self._frame_masks(checked_frame(frames, index, size), cut))
            if progress is not None:
                progress(len(proposals), len(frames))
        return proposals

    def _frame_masks(self, frame: np.ndarray, cut: MaskCut) -> list[dict]:
        masks, scores = [], []
        for patches, vector, value in zip(cut.masks, cut.vectors, cut.values, strict=True):
            mask = self._outlined(frame, patches, vector) if patches.any() else patches
            if mask.any() and mask.mean() >= self.min_area:
                masks.append(mask)
                scores.append(round(float(np.clip(1 - value, 0, 1)), 4))
        order = np.argsort(-np.array(scores), kind='stable')
        encoded = encode_masks(np.array(masks))
        return [dict(segmentation=encoded[index], score=scores[index]) for index in order]

    def _outlined(self, frame: np.ndarray, patches: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """Return the mask (H, W) of a mask of patches; empty if edges contradict it."""
        height, width = frame.shape[:2]
        if not self.refine:
            return _resized(patches, (height, width), cv2.INTER_NEAREST)
        factor = min(1, self.max_size / max(height, width))
        size = max(1, round(height * factor)), max(1, round(width * factor))
        image = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA)
        coarse = _resized(patches, size, cv2.INTER_NEAREST)
        # 0 at the lowest value, 0.5 at the mean, where the cut is, and 1 at the highest
        saliency = np.interp(vector, (vector.min(), vector.mean(), vector.max()), (0, 0.5, 1))
        saliency = cv2.resize(saliency.astype(np.float32), size[::-1],
                              interpolation=cv2.INTER_LINEAR)
        refined = binary_fill_holes(refine_mask(image, saliency, 0.5, coarse))
        if overlap(refined, coarse) < LEAST_AGREEMENT:
            return np.zeros((height, width), bool)
        return _resized(refined, (height, width), cv2.INTER_LINEAR)


def _resized(mask: np.ndarray, size: tuple[int, int], interpolation: int) -> np.ndarray:
    """Resize a bool mask to (height, width)."""
    if mask.shape == tuple(size):
        return mask
    return cv2.resize(mask.astype(np.float32), size[::-1], interpolation=interpolation) > 0.5
