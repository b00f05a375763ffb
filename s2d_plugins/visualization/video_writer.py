"""Video files that are complete or not there."""

import os
from pathlib import Path

import cv2
import numpy as np

from ..errors import S2DInputError


class VideoWriter:
    """Write frames to a .mp4; use as a context manager.

    The file appears under its name only when it was closed without an error and reads back with
    the number of frames written.

    Args:
        path: Target file; its folder is made.
        size: (height, width) of the frames, both even.
        fps: Frames per second.

    Raises:
        S2DInputError: If the file cannot be opened, or is not complete in the end.
    """

    def __init__(self, path: str | Path, size: tuple[int, int], fps: float):
        self.path = Path(path)
        self.size = size
        self.fps = fps
        self._temporary = self.path.with_name(f'.{self.path.stem}.partial.mp4')
        self._written = 0

    def __enter__(self) -> 'VideoWriter':
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._temporary.touch()
        except OSError as error:
            raise self._error(error.strerror or str(error)) from error
        self._writer = cv2.VideoWriter(str(self._temporary), cv2.VideoWriter_fourcc(*'mp4v'),
                                       self.fps, self.size[::-1])
        if not self._writer.isOpened():
            self._temporary.unlink()
            raise self._error(f'OpenCV cannot encode {self.size[1]}x{self.size[0]} video')
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
        try:
            if kind is None:
                self._check()
                os.replace(self._temporary, self.path)
        except OSError as error:
            raise self._error(error.strerror or str(error)) from error
        finally:
            if self._temporary.exists():
                self._temporary.unlink()

    def _check(self) -> None:
        capture = cv2.VideoCapture(str(self._temporary))
        found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        capture.release()
        if found != self._written:
            raise self._error(f'{found} of {self._written} frames arrived')

    def _error(self, reason: str) -> S2DInputError:
        return S2DInputError(f'cannot write {self.path}: {reason}; free space or choose another '
                             'output folder')
