"""Pieces of masks that lie far from the object."""

from collections.abc import Sequence

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from ..arguments import check_number, check_share
from ..labels.rle import encode_mask
from ..registry import TASK_UTILS
from ..structures import Frames


@TASK_UTILS.register_module()
class StrayRemover:
    """Removes pieces of masks that are small or far from the largest piece, frame by frame.

    An object behind a tree falls into pieces too, but these are close to each other; a model that
    has learnt one object also marks what looks like it anywhere in the frame.

    Args:
        max_distance: Gap between a piece and the largest one, as a share of the square root of
            the largest one's area, up to which the piece stays.
        min_share: Area of a piece, as a share of the largest one's, from which on it stays.

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, max_distance: float = 0.5, min_share: float = 0.05):
        check_number(self, max_distance=max_distance, low=0)
        check_share(self, min_share=min_share)
        self.max_distance, self.min_share = max_distance, min_share

    def __call__(self, frames: Frames, tubes: Sequence[dict]) -> list[dict]:
        """Clean the tubes of one clip.

        Args:
            frames: Not looked at; here as for every refiner.
            tubes: With per frame an RLE or None as ``segmentations``.

        Returns:
            The tubes with new ``segmentations``. Where there was a mask, one remains.
        """
        return [dict(tube, segmentations=[rle and self._cleaned(rle)
                                          for rle in tube['segmentations']]) for tube in tubes]

    def _cleaned(self, rle: dict) -> dict:
        left, top, width, height = (int(value) for value in coco_mask.toBbox(rle))
        mask = coco_mask.decode(rle)
        box = np.s_[top:top + height, left:left + width]
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(
            np.ascontiguousarray(mask[box]), connectivity=8)
        if count <= 2:
            return rle
        areas = stats[1:, cv2.CC_STAT_AREA]
        largest = int(areas.argmax()) + 1
        gaps = cv2.distanceTransform((pieces != largest).astype(np.uint8), cv2.DIST_L2,
                                     cv2.DIST_MASK_PRECISE)
        nearest = np.full(count, np.inf)
        np.minimum.at(nearest, pieces.ravel(), gaps.ravel())
        kept = ((nearest <= self.max_distance * areas.max() ** 0.5)
                & (np.append(0, areas) >= self.min_share * areas.max()))
        kept[0] = False
        cleaned = np.zeros_like(mask)
        cleaned[box] = kept[pieces]
        return encode_mask(cleaned)
