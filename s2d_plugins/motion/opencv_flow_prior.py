"""The motion prior that runs everywhere: OpenCV's DIS optical flow, no weights."""

from collections.abc import Iterator

import cv2
import numpy as np

from ..arguments import check_choice, check_count
from ..errors import S2DInputError
from ..registry import MOTION_PRIORS
from ..structures import Frames
from .base_flow_prior import BaseFlowPrior

_PRESETS = dict(ultrafast=cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
                fast=cv2.DISOPTICAL_FLOW_PRESET_FAST,
                medium=cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


@MOTION_PRIORS.register_module()
class OpenCVFlowPrior(BaseFlowPrior):
    """Chained DIS flow (Kroeger et al., ECCV 2016).

    Args:
        preset: ``'ultrafast'``, ``'fast'`` or ``'medium'``.
        max_size: Longer side, in pixels, at which the flow is computed; None for the frame's own.
        **kwargs: See :class:`BaseFlowPrior`.
    """

    def __init__(self, preset: str = 'medium', max_size: int | None = 512, **kwargs):
        super().__init__(**kwargs)
        check_choice(self, _PRESETS, preset=preset)
        check_count(self, max_size=max_size, low=16, optional=True)
        self.preset = preset
        self.max_size = max_size

    def flows(self, frames: Frames) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See :meth:`BaseFlowPrior.flows`; each frame is read once."""
        dis = cv2.DISOpticalFlow_create(_PRESETS[self.preset])
        size = frames[0].shape[:2]
        previous = self._prepare(frames[0])
        for index in range(1, len(frames)):
            frame = frames[index]
            if frame.shape[:2] != size:
                raise S2DInputError(f'frame {index} is {frame.shape[1]}x{frame.shape[0]} pixels, '
                                    f'frame 0 is {size[1]}x{size[0]}; all frames of a video must '
                                    'have one size')
            current = self._prepare(frame)
            yield dis.calc(previous, current, None), dis.calc(current, previous, None)
            previous = current

    def _prepare(self, frame: np.ndarray) -> np.ndarray:
        """Turn an RGB frame into the grey image, at flow size, that DIS works on."""
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        height, width = grey.shape
        factor = 1 if self.max_size is None else min(1, self.max_size / max(height, width))
        # DIS needs room for its patches, so very small frames are enlarged.
        factor = max(factor, 16 / min(height, width))
        if factor == 1:
            return grey
        target = (round(width * factor), round(height * factor))
        return cv2.resize(grey, target, interpolation=cv2.INTER_AREA)
