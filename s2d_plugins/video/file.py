"""Video files: sequential decoding, exact random access, honest frame counts."""

import itertools
import logging
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log

from ..errors import S2DInputError, printable
from .base import Video
from .capture import open_capture, undecodable
from .containers import missing_bytes

DEFAULT_FPS = 24.0
SHORT_JUMP = 48
SEEK_MARGINS = (0, 16, 64, 256)
RETRIES = 1000


class FileVideo(Video):
    """A video file, decoded with OpenCV.

    ``len`` is the number of frames that really decode; it is counted once, by the first
    complete iteration or else on first use. A frame is found again by its time stamp, so random
    access gives exactly the frame that sequential decoding gives.

    Raises:
        S2DInputError: If the file is missing, empty, not a video or truncated. A text is not
            taken for a video: playlists name other files.
    """

    def __init__(self, path: str | Path, name: str | None = None):
        path = Path(path)
        self._capture = open_capture(path)
        self._current = -1
        self._times: array | None = None
        self._announced = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        missing = missing_bytes(path)
        if not self._capture.grab():
            raise undecodable(path)
        self._current = 0
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        super().__init__(path, name, self._retrieve(self._capture, 0).shape[:2],
                         fps if 0 < fps <= 1000 else DEFAULT_FPS)
        if missing:
            self._check_truncated(missing)

    def __len__(self) -> int:
        if self._times is None:
            capture, times = open_capture(self.path), array('d')
            while capture.grab():
                times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
            self._finish(capture, times)
        return len(self._times)

    @property
    def expected_length(self) -> int:
        return max(0, self._announced) if self._times is None else len(self._times)

    def __iter__(self) -> Iterator[np.ndarray]:
        capture, times = open_capture(self.path), array('d')
        while capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
            yield self._retrieve(capture, len(times) - 1)
        self._finish(capture, times)

    def _read(self, index: int) -> np.ndarray:
        if not self._current <= index <= self._current + SHORT_JUMP:
            self._seek(index)
        while self._current < index:
            if not self._capture.grab():
                raise S2DInputError(f'{self.path}: frame {index} of {len(self)} does not decode '
                                    'any more; did the file change while it was read?')
            self._current += 1
        return self._retrieve(self._capture, index)

    def _seek(self, index: int) -> None:
        """Go to a frame at or before ``index``; ``self._current`` then tells which."""
        for margin in SEEK_MARGINS:
            if index - margin <= SHORT_JUMP:
                break
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index - margin)
            if not self._capture.grab():
                continue
            found = self._index_at(self._capture.get(cv2.CAP_PROP_POS_MSEC))
            if found is not None and found <= index:
                self._current = found
                return
        self._capture.release()
        self._capture, self._current = open_capture(self.path), -1

    def _index_at(self, time: float) -> int | None:
        """Return the number of the one frame with this time stamp, if there is one."""
        if not self._ordered:
            return None
        index = bisect_left(self._times, time)
        return index if index < len(self._times) and self._times[index] == time else None

    def _retrieve(self, capture: cv2.VideoCapture, index: int) -> np.ndarray:
        try:
            ok, frame = capture.retrieve()
        except cv2.error:
            ok = False
        if not ok:
            raise S2DInputError(f'{self.path}: frame {index} does not decode; convert the video '
                                'again, for example to H.264 in mp4')
        if index and frame.shape[:2] != self.size:
            raise S2DInputError(
                f'{self.path}: frame {index} is {frame.shape[1]}x{frame.shape[0]}, but the first '
                f'is {self.size[1]}x{self.size[0]}; split the video where its size changes')
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def _finish(self, capture: cv2.VideoCapture, times: array) -> None:
        """Keep what a complete pass found; complain once if the container announced more."""
        if self._times is not None:
            return
        found, announced = len(times), self._announced
        if any(capture.grab() for _ in range(min(announced - found, RETRIES))):  # not the end
            raise S2DInputError(
                f'{self.path} is damaged: decoding stops after {found} of {announced} frames; '
                'copy or download it again, or save the readable part as a video of its own')
        if found < announced - max(2, announced // 100):
            print_log(printable(f'{self.path}: {found} frames decode, its header announces '
                                f'{announced}; going on with {found}'), 'current', logging.WARNING)
        self._times = times
        self._ordered = all(a < b for a, b in itertools.pairwise(times))

    def _check_truncated(self, missing: int) -> None:
        found = sum(1 for _ in iter(open_capture(self.path).grab, False))
        if found < self._announced or self._announced <= 0:
            of = f' of {self._announced}' if self._announced > 0 else ''
            raise S2DInputError(
                f'{self.path} is truncated: {found}{of} frames decode and the file ends '
                f'{missing} bytes early; copy or download it again, or save the readable part '
                'as a video of its own')
