"""Video files that are complete or not there."""

import contextlib
from pathlib import Path

import cv2
import numpy as np

from ..errors import S2DInputError, S2DOutputError
from ..fileio.whole_files import whole_file


class VideoWriter:
    """Write frames to a .mp4; use as a context manager.

    The file appears under its name only when it was closed without an error and reads back with
    the number of frames written.

    Args:
        path: Target file; its folder is made.
        size: (height, width) of the frames, both even.
        fps: Frames per second.

    Raises:
        S2DOutputError: If the file cannot be opened, or is not complete in the end.
    """

    def __init__(self, path: str | Path, size: tuple[int, int], fps: float):
        self.path = Path(path)
        self.size = size
        self.fps = fps
        self._written = 0

    def __enter__(self) -> 'VideoWriter':
        with contextlib.ExitStack() as stack:
            self._temporary = stack.enter_context(whole_file(self.path, '.mp4'))
            self._writer = cv2.VideoWriter(str(self._temporary),
                                           cv2.VideoWriter_fourcc(*'mp4v'), self.fps,
                                           self.size[::-1])
            stack.callback(self._writer.release)
            if not self._writer.isOpened():
                raise self._error(f'OpenCV cannot encode {self.size[1]}x{self.size[0]} video')
            self._stack = stack.pop_all()
        return self

    def write(self, frame: np.ndarray) -> None:
        """Append one RGB uint8 frame of the size given.

        Raises:
            S2DInputError: If the frame is of another size.
        """
        if frame.shape[:2] != tuple(self.size):
            raise S2DInputError(f'{self.path}: frame {self._written} is of size '
                                f'{frame.shape[:2]}, expected {tuple(self.size)}')
        self._writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        self._written += 1

    def __exit__(self, kind, error, traceback) -> None:
        self._writer.release()
        if error is not None:
            self._stack.__exit__(kind, error, traceback)
            return
        with self._stack:
            self._check()

    def _check(self) -> None:
        capture = cv2.VideoCapture(str(self._temporary))
        found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        capture.release()
        if found != self._written:
            raise self._error(f'{found} of {self._written} frames arrived')

    def _error(self, reason: str) -> S2DOutputError:
        return S2DOutputError(f'cannot write {self.path}: {reason}; free space or choose another '
                              'output folder')
