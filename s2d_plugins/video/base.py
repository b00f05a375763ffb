"""What a video is to every stage: a lazy sequence of RGB frames."""

import operator
import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..fileio.paths import named_path, safe_name

CACHE_BYTES = 64 * 2**20


def stem_of(path: str | Path) -> str:
    """Return what a video is called: a file's stem, a folder's name; of a link its own."""
    path = named_path(path)
    return path.name if os.path.isdir(path) else path.stem


class Video(ABC):
    """A lazy frame sequence: ``len(video)`` and ``video[i] -> (H, W, 3) uint8 RGB``.

    Only a few decoded frames are held, whatever the length. A frame handed out is the caller's
    own copy. Slices are not supported.

    Attributes:
        path: The file or folder.
        name: Name in output files; unique names for several videos: :func:`video_names`.
        size: (height, width) of every frame in pixels.
        fps: Frames per second, on average.
    """

    def __init__(self, path: Path, name: str | None, size: tuple[int, int], fps: float):
        self.path = path
        self.name = name or safe_name(stem_of(path))
        self.size = size
        self.fps = fps
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._cache_length = max(2, CACHE_BYTES // (size[0] * size[1] * 3))

    @abstractmethod
    def __len__(self) -> int:
        """Number of frames that decode."""

    @property
    def expected_length(self) -> int:
        """Number of frames, as good as it can be told without decoding; for progress."""
        return len(self)

    @property
    def times(self) -> np.ndarray:
        """When each frame is shown and, last, when the video ends: (T + 1,) float64 seconds.

        The first is 0 and each is greater than the one before. Where nothing else is known, frames
        last 1 / ``fps`` each.
        """
        return np.arange(len(self) + 1) / self.fps

    @abstractmethod
    def _read(self, index: int) -> np.ndarray:
        """Decode frame ``index``, which is in range."""

    def __getitem__(self, index: int) -> np.ndarray:
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f'{self.path}: frame {index} of {len(self)}')
        index %= len(self)
        if index in self._cache:
            self._cache.move_to_end(index)
        else:
            self._cache[index] = self._read(index)
            if len(self._cache) > self._cache_length:
                self._cache.popitem(last=False)
        return self._cache[index].copy()

    def __iter__(self) -> Iterator[np.ndarray]:
        for index in range(len(self)):
            yield self._read(index)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({str(self.path)!r}, size={self.size}, fps={self.fps:g})'
