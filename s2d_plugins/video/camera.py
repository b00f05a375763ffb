"""Cameras as videos."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ..arguments import check_count, check_number
from ..errors import S2DInputError
from .spooled import SpooledVideo


@dataclass(frozen=True)
class Camera:
    """A camera that is recorded for a while, and then read like any other video.

    Attributes:
        index: Which one, as OpenCV counts them.
        seconds: How long it is recorded.

    Raises:
        S2DInputError: If a value is out of its range.
    """

    index: int = 0
    seconds: float = 10.0

    def __post_init__(self) -> None:
        check_count(self, index=self.index, low=0)
        check_number(self, seconds=self.seconds, above=0)

    @property
    def name(self) -> str:
        """What outputs call it."""
        return f'camera_{self.index}'

    def record(self, name: str | None = None) -> SpooledVideo:
        """Record it; frames keep the times at which they came.

        Raises:
            S2DInputError: If there is no such camera, or it gives no picture.
            S2DOutputError: If the disk is full.
        """
        capture = cv2.VideoCapture(self.index)
        try:
            if not capture.isOpened():
                raise S2DInputError(f'camera {self.index} cannot be opened; check that it is '
                                    'there, and that no other program uses it')
            times: list[float] = []
            frames = self._frames(capture, times)
            first = next(frames, None)
            if first is None:
                raise S2DInputError(f'camera {self.index} gives no picture; check that no other '
                                    'program uses it')
            return SpooledVideo(_chained(first, frames), name or self.name, times=times)
        finally:
            capture.release()

    def _frames(self, capture: cv2.VideoCapture, times: list[float]) -> Iterator[np.ndarray]:
        """Yield RGB frames; ``times`` gets that of each and, last, that of the end."""
        start = None
        while start is None or time.monotonic() - start < self.seconds:
            good, frame = capture.read()
            if not good:
                break
            now = time.monotonic()
            start = now if start is None else start
            times.append(max(now - start, times[-1] + 1e-4 if times else 0))
            yield np.ascontiguousarray(frame[..., ::-1])
        if times:
            times.append(times[-1] + (times[-1] / (len(times) - 1) if len(times) > 1 else 1 / 24))


def _chained(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others
