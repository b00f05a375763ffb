"""Rotate frames."""

from typing import NamedTuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.structures.mask import BitmapMasks

from ...arguments import check_count, check_number, check_share, items_of, refuse
from ...registry import TRANSFORMS


class Rotation(NamedTuple):
    """Angle in degrees, counter-clockwise, about a centre in shares of width and height."""

    angle: float
    x: float
    y: float


@TRANSFORMS.register_module()
class ClipRotate(BaseTransform):
    """Rotate image and masks about a random centre.

    Inside ``TransformBroadcaster`` angle and centre are drawn anew for each frame of a clip (S2D,
    arXiv 2512.14440), with ``share_random_params=True`` once for all frames; mmdet's ``Rotate``
    refuses to work so (its magnitude counts as drawn three times per frame). Images are sampled
    bilinearly, masks at the nearest pixel. Boxes are left behind: ``DropEmptyKeymasks`` must follow
    and fits them to the masks.

    Args:
        max_angle: Angles are drawn evenly from -max_angle to max_angle, in degrees.
        prob: Probability of a rotation.
        centre_range: The centre is drawn evenly between these shares of the width, and of the
            height; (0.5, 0.5) is the image's own centre.
        fill: Grey level of the corners that come into view.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    def __init__(self, max_angle: float = 15.0, prob: float = 0.5,
                 centre_range: tuple[float, float] = (0.4, 0.6), fill: int = 0):
        check_number(self, max_angle=max_angle, low=0, high=180)
        check_share(self, prob=prob,
                    **items_of(self, 'centre_range', centre_range, length=2))
        if centre_range[0] > centre_range[1]:
            raise refuse(self, 'centre_range', centre_range, 'two numbers, the smaller one first')
        check_count(self, fill=fill, low=0, high=255)
        self.max_angle = max_angle
        self.prob = prob
        self.centre_range = tuple(centre_range)
        self.fill = fill

    @cache_randomness
    def draw_rotation(self) -> Rotation:
        """Draw a rotation; an angle of 0 stands for none."""
        if np.random.rand() >= self.prob:
            return Rotation(0.0, 0.5, 0.5)
        return Rotation(np.random.uniform(-self.max_angle, self.max_angle),
                        *np.random.uniform(*self.centre_range, size=2))

    def transform(self, results: dict) -> dict:
        """Rotate one frame."""
        angle, x, y = self.draw_rotation()
        if angle == 0:
            return results
        height, width = results['img'].shape[:2]
        # pixel 0 reaches from 0 to 1, so its centre is at 0.5
        matrix = cv2.getRotationMatrix2D((x * width - 0.5, y * height - 0.5), angle, 1.0)
        results['img'] = cv2.warpAffine(results['img'], matrix, (width, height),
                                        flags=cv2.INTER_LINEAR, borderValue=(self.fill,) * 3)
        masks = [cv2.warpAffine(np.ascontiguousarray(mask), matrix, (width, height),
                                flags=cv2.INTER_NEAREST) for mask in results['gt_masks'].masks]
        results['gt_masks'] = BitmapMasks(masks, height, width)
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(max_angle={self.max_angle}, prob={self.prob}, '
                f'centre_range={self.centre_range}, fill={self.fill})')
