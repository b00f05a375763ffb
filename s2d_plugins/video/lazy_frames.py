"""A stretch of frames, and image files, as frame sequences that read only when asked."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.images import read_image
from ..structures import Frames


class LazyFrames(Sequence):
    """Some frames, each read when it is indexed: ``len(frames)`` and ``frames[i]``.

    Args:
        read: Gives frame i of the whole, (H, W, 3) uint8 RGB.
        start: First frame of the whole that is frame 0 here.
        stop: One past the last frame.

    Raises:
        S2DInputError: If there is no frame.
    """

    def __init__(self, read: Callable[[int], np.ndarray], start: int, stop: int):
        if stop <= start:
            raise S2DInputError(f'expected a stretch of frames, found frames {start} to {stop}')
        self._read, self._start, self._stop = read, start, stop

    @classmethod
    def of(cls, frames: Frames, start: int, stop: int) -> 'LazyFrames':
        """Return frames ``start`` to ``stop - 1`` of a longer sequence."""
        return cls(frames.__getitem__, start, stop)

    @classmethod
    def of_files(cls, paths: Sequence[Path]) -> 'LazyFrames':
        """Return image files as frames, one per frame."""
        return cls(lambda index: read_image(paths[index]), 0, len(paths))

    def __len__(self) -> int:
        return self._stop - self._start

    def __getitem__(self, index: int) -> np.ndarray:
        if not 0 <= index < len(self):
            raise IndexError(f'frame {index} of a stretch of {len(self)} frames')
        return self._read(self._start + index)
