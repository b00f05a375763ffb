"""Outlines of tubes, moved to image edges."""

from collections.abc import Sequence

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from ..arguments import check_count, check_number
from ..labels.rle import encode_mask
from ..registry import TASK_UTILS
from ..structures import Frames
from .base_mask_proposer import checked_frame
from .mask_refinement import enlarge_mask, refine_mask


@TASK_UTILS.register_module()
class EdgeRefiner:
    """Moves the outlines of tubes to image edges, frame by frame (GrabCut).

    A model's masks have a quarter of its input's resolution; where an outline is off by a few
    pixels, colours say better where the object ends. Inside and outside of a belt around the
    outline nothing changes.

    Args:
        max_size: Longer side in pixels at which outlines are computed.
        softness: Standard deviation in pixels, at that size, of where an outline may be.

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, max_size: int = 428, softness: float = 6.0):
        check_count(self, max_size=max_size, low=64)
        check_number(self, softness=softness, above=0)
        self.max_size, self.softness = max_size, softness

    def __call__(self, frames: Frames, tubes: Sequence[dict]) -> list[dict]:
        """Refine the tubes of one clip.

        Args:
            frames: Frame sequence; it may have another size than the masks.
            tubes: With per frame an RLE or None as ``segmentations``.

        Returns:
            The tubes with new ``segmentations``. A mask of which nothing would be left stays.
        """
        refined = [dict(tube, segmentations=list(tube['segmentations'])) for tube in tubes]
        for index in range(len(frames)):
            present = [tube['segmentations'] for tube in refined if tube['segmentations'][index]]
            if present:
                image = self._working_image(checked_frame(frames, index))
                for masks in present:
                    masks[index] = self._refined(image, masks[index])
        return refined

    def _working_image(self, frame: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        factor = self.max_size / max(height, width)
        if factor >= 1:
            return frame
        size = max(1, round(width * factor)), max(1, round(height * factor))
        return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)

    def _refined(self, image: np.ndarray, rle: dict) -> dict:
        height, width = image.shape[:2]
        share = cv2.resize(coco_mask.decode(rle).astype(np.float32), (width, height),
                           interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(share, (0, 0), self.softness)
        mask = enlarge_mask(refine_mask(image, soft, 0.5, share > 0.5), tuple(rle['size']))
        return encode_mask(mask.astype(np.uint8)) if mask.any() else rle
