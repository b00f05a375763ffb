"""Frames of a clip at working size, and the flow between them."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..structures import Frames
from .base_mask_proposer import checked_frame
from .frame_analysis import working_size
from .motion_cues import warp_error


class MovingClip:
    """Gives frames and motion in order of time; what is not needed again is forgotten.

    Args:
        frames: Frame sequence.
        max_size: Longer side in pixels at which motion is measured.
        gaps: Frame gaps over which it is measured.
    """

    def __init__(self, frames: Frames, max_size: int, gaps: Sequence[int]):
        self.frames, self.max_size, self.gaps = frames, max_size, gaps
        self.size: tuple[int, int] | None = None
        # to single pixels: preset's flow of half the size blurs what is thin
        self.dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self.dis.setFinestScale(0)
        self.images: dict[int, np.ndarray] = {}

    def image(self, index: int) -> np.ndarray:
        """Frame (h, w, 3) RGB at working size.

        Raises:
            S2DInputError: If it is no image or has another size than the one before.
        """
        if index not in self.images:
            frame = checked_frame(self.frames, index, self.size)
            self.size = frame.shape[:2]
            size = working_size(self.size, self.max_size)
            if size != self.size:
                frame = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA)
            self.images[index] = frame
        return self.images[index]

    def motion(self, index: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Flow (h, w, 2) and its :func:`.warp_error` (h, w) by gap, where there is such a frame.

        Frames that only earlier calls needed are forgotten: indices must not go down.
        """
        for old in [key for key in self.images if key < index + min(0, *self.gaps)]:
            del self.images[old]
        grey = cv2.cvtColor(self.image(index), cv2.COLOR_RGB2GRAY)
        motion = {}
        for gap in self.gaps:
            if 0 <= index + gap < len(self.frames):
                other = cv2.cvtColor(self.image(index + gap), cv2.COLOR_RGB2GRAY)
                flow = self.dis.calc(grey, other, None)
                motion[gap] = flow, warp_error(flow, grey, other)
        return motion
