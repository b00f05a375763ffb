"""Frames that come once and in order, as videos that can be read again."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..arguments import refuse
from ..errors import S2DOutputError
from .array import is_frame
from .base import Video
from .file import DEFAULT_FPS


class SpooledVideo(Video):
    """Frames of an iterator, kept in a temporary file: 3 bytes a pixel on disk, none in memory.

    Args:
        frames: (H, W, 3) uint8 RGB each, all of one size; read to their end at once.
        name: Its name in outputs.
        fps: Frames per second, where ``times`` does not say.
        times: Filled while the frames are read: (T + 1,) seconds, see :attr:`Video.times`.

    Raises:
        S2DInputError: If they are no frames, there is none or their sizes differ.
        S2DOutputError: If the disk is full.
    """

    def __init__(self, frames: Iterable[np.ndarray], name: str = 'video',
                 fps: float = DEFAULT_FPS, times: Sequence[float] | None = None):
        shape, self._length = None, 0
        try:
            self._file = tempfile.TemporaryFile(prefix='s2d-')  # noqa: SIM115  kept open
            for frame in frames:
                if not is_frame(frame) or not frame.size or frame.shape != (shape or frame.shape):
                    found = (f'{frame.dtype} {frame.shape}' if isinstance(frame, np.ndarray)
                             else type(frame).__name__)
                    raise refuse(self, f'frame {self._length}', found,
                                 '(H, W, 3), uint8 RGB' + (f' of the size of the first, {shape[:2]}'
                                                           if shape else ''))
                shape = frame.shape
                self._file.write(np.ascontiguousarray(frame).data)
                self._length += 1
            self._file.flush()
        except OSError as error:
            raise S2DOutputError(f'cannot keep the frames of {name} in {tempfile.gettempdir()}: '
                                 f'{error.strerror or error}; free space, or set TMPDIR to another '
                                 'folder') from error
        if shape is None:
            raise refuse(self, 'frames', 'none', 'at least one frame')
        self._shape, self._times = shape, times
        if times is not None:
            fps = self._length / times[-1]
        super().__init__(Path(name), name, shape[:2], fps)

    def __len__(self) -> int:
        return self._length

    @property
    def times(self) -> np.ndarray:
        return super().times if self._times is None else np.array(self._times, float)

    def _read(self, index: int) -> np.ndarray:
        size = int(np.prod(self._shape))
        data = os.pread(self._file.fileno(), size, index * size)
        return np.frombuffer(bytearray(data), np.uint8).reshape(self._shape)
