"""Rotate a clip."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.structures.mask import BitmapMasks

from ...arguments import check_count, check_number, check_share
from ...registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClipRotate(BaseTransform):
    """Rotate image and masks about the image centre, all frames of a clip by the same angle.

    For use inside ``TransformBroadcaster(share_random_params=True)``, which mmdet's ``Rotate``
    refuses to work in (its magnitude counts as drawn three times per frame). Boxes are left
    behind: ``DropEmptyKeymasks`` must follow and fits them to the masks.

    Args:
        max_angle: Angles are drawn evenly from -max_angle to max_angle, in degrees.
        prob: Probability of a rotation.
        fill: Grey level of the corners that come into view.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    def __init__(self, max_angle: float = 15.0, prob: float = 0.5, fill: int = 128):
        check_number(self, max_angle=max_angle, low=0, high=180)
        check_share(self, prob=prob)
        check_count(self, fill=fill, low=0, high=255)
        self.max_angle = max_angle
        self.prob = prob
        self.fill = fill

    @cache_randomness
    def draw_angle(self) -> float:
        """Draw the clip's angle in degrees, counter-clockwise; 0 stands for none."""
        if np.random.rand() >= self.prob:
            return 0.0
        return np.random.uniform(-self.max_angle, self.max_angle)

    def transform(self, results: dict) -> dict:
        """Rotate one frame."""
        angle = self.draw_angle()
        if angle == 0:
            return results
        height, width = results['img'].shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
        results['img'] = cv2.warpAffine(results['img'], matrix, (width, height),
                                        flags=cv2.INTER_LINEAR, borderValue=(self.fill,) * 3)
        masks = [cv2.warpAffine(np.ascontiguousarray(mask), matrix, (width, height),
                                flags=cv2.INTER_NEAREST) for mask in results['gt_masks'].masks]
        results['gt_masks'] = BitmapMasks(masks, height, width)
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(max_angle={self.max_angle}, prob={self.prob}, '
                f'fill={self.fill})')
