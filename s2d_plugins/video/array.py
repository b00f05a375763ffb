"""Frames that are in memory already as videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import items_of, refuse
from .base import Video
from .file import DEFAULT_FPS

_SHAPE = 'frames (H, W, 3), uint8 RGB'


class ArrayVideo(Video):
    """An array (T, H, W, 3) of uint8 RGB, or a list of such frames of one size.

    Args:
        frames: The frames; they are not copied.
        name: Its name in outputs.
        fps: Frames per second, as an array does not say.

    Raises:
        S2DInputError: If they are no frames, there is none or their sizes differ.
    """

    def __init__(self, frames: np.ndarray | Sequence[np.ndarray], name: str = 'video',
                 fps: float = DEFAULT_FPS):
        if isinstance(frames, np.ndarray):
            if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or (
                    not frames.size):
                raise refuse(self, 'frames', _found(frames), f'(T, H, W, 3): {_SHAPE}')
        else:
            for key, frame in items_of(self, 'frames', frames).items():
                if not is_frame(frame) or not frame.size:
                    raise refuse(self, key, _found(frame), _SHAPE)
                if frame.shape != frames[0].shape:
                    raise refuse(self, key, _found(frame),
                                 f'of the size of the first, {frames[0].shape[:2]}')
        self._frames = frames
        height, width = frames[0].shape[:2]
        super().__init__(Path(name), name, (height, width), fps)

    def __len__(self) -> int:
        return len(self._frames)

    def _read(self, index: int) -> np.ndarray:
        return self._frames[index].copy()


def is_frame(value: Any) -> bool:
    """Say whether a value is an array (H, W, 3) of uint8."""
    return (isinstance(value, np.ndarray) and value.ndim == 3 and value.shape[2] == 3
            and value.dtype == np.uint8)


def _found(value: Any) -> Any:
    return (f'{value.dtype} {value.shape}' if isinstance(value, np.ndarray)
            else type(value).__name__)
