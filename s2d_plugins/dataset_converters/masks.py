"""Id images to RLEs, and RLEs to tracks."""

import numpy as np

from ..labels.rle import encode_masks


def split_ids(ids: np.ndarray) -> dict[int, dict]:
    """Split an id map, (H, W) non-negative integers, into one compressed RLE per id but 0."""
    small = ids.max() < 2**16
    values = np.flatnonzero(np.bincount(ids.ravel())) if small else np.unique(ids)
    return {value: encode_masks((ids == value)[None])[0]
            for value in values.tolist() if value != 0}


class Tracks:
    """Collects the masks of objects frame by frame.

    Args:
        length: Number of frames.
    """

    def __init__(self, length: int):
        self._length = length
        self._masks: dict[int, list[dict | None]] = {}

    def add(self, frame: int, masks: dict[int, dict]) -> None:
        """Add the masks of one frame: id to RLE."""
        for key, rle in masks.items():
            self._masks.setdefault(key, [None] * self._length)[frame] = rle

    def items(self) -> list[tuple[int, list[dict | None]]]:
        """Return (id, per frame RLE or None), ordered by id."""
        return sorted(self._masks.items())
