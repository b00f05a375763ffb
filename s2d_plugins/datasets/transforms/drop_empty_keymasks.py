"""Forget keymasks that augmentation pushed out of the image."""

from mmcv.transforms import BaseTransform

from ...arguments import check_count
from ...registry import TRANSFORMS
from .mask_ops import set_instances


@TRANSFORMS.register_module()
class DropEmptyKeymasks(BaseTransform):
    """Drop the instances whose mask is (nearly) empty from a frame, and fit boxes to the rest.

    Belongs after ``RandomCrop``, ``Rotate`` and the like, which move boxes without a look at the
    masks. The frame stays, even without any instance; an instance dropped here is *unknown* in
    this frame. mmdet's ``FilterAnnotations`` does not serve: it leaves the instance ids behind
    and discards empty frames.

    Args:
        min_area: Least number of pixels for a mask to stay.

    Raises:
        S2DInputError: If ``min_area`` is no count of pixels.
    """

    def __init__(self, min_area: int = 1):
        check_count(self, min_area=min_area)
        self.min_area = min_area

    def transform(self, results: dict) -> dict:
        """Filter the instances of one frame."""
        set_instances(results, results['gt_masks'].masks, results['gt_instances_ids'],
                      results['gt_bboxes_labels'], results['gt_ignore_flags'], self.min_area)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(min_area={self.min_area})'
