"""Decode the keymasks of a chosen frame."""

import numpy as np
from mmcv.transforms import BaseTransform

from ...errors import S2DInputError
from ...labels.mask_reader import read_masks
from ...registry import TRANSFORMS
from ..faults import size_fault
from .mask_ops import decode_at, set_instances


@TRANSFORMS.register_module()
class LoadKeymasks(BaseTransform):
    """Fill in the instances that have a keymask in this frame, and no others.

    The counterpart of ``LoadTrackAnnotations`` for sparse labels: what is absent is unknown, so
    it gets no empty mask. A frame without keymasks gets arrays of length 0. Masks are decoded at
    the image's present size: after a ``Resize`` this costs the pixels of the small image only
    (the resize must come straight after loading the image, before any flip, crop or rotation).

    Required keys: ``instances``, ``height``, ``width`` (label size) and, if the image is loaded,
    ``ori_shape`` and ``img_shape``. Added keys: ``gt_masks``, ``gt_bboxes``,
    ``gt_bboxes_labels``, ``gt_instances_ids``, ``gt_ignore_flags``.

    Raises:
        S2DInputError: If a mask does not decode, or mask, label file and image disagree about the
            frame's size.
    """

    def transform(self, results: dict) -> dict:
        """Load the masks of one frame."""
        size = (results['height'], results['width'])
        image_size = tuple(results.get('ori_shape', size))[:2]
        fault = size_fault(results, image_size, self._frame(results))
        if fault is not None:
            raise fault
        instances = results['instances']
        rles, _ = read_masks([instance['mask'] for instance in instances], size, lambda index: (
            f'{self._place(results)}, instance {instances[index]["instance_id"]}'),
            keep_empty=True)
        set_instances(
            results, decode_at(rles, tuple(results.get('img_shape', size))[:2]),
            ids=self._ids(results),
            labels=np.array([instance['bbox_label'] for instance in instances], np.int64),
            ignore=np.array([instance['ignore_flag'] for instance in instances], bool))
        return results

    def _ids(self, results: dict) -> np.ndarray:
        ids = [instance['instance_id'] for instance in results['instances']]
        try:
            return np.array(ids, np.int64)
        except (OverflowError, TypeError, ValueError) as error:
            raise S2DInputError(f'{self._place(results)}: expected instance ids of 64 bits, found '
                                f'{ids[:5]}; number the instances of a video') from error

    @staticmethod
    def _frame(results: dict) -> str:
        return f'video {results.get("video_id")}, frame {results.get("frame_id")}'

    def _place(self, results: dict) -> str:
        return f'{self._frame(results)} ({results.get("img_path")})'

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
