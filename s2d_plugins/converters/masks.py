"""Masks of other formats to compressed RLE."""

from collections.abc import Callable, Container, Iterable

import numpy as np

from ..errors import S2DInputError
from ..rle import encode_masks, measure, to_rle


def compress(segmentations: Iterable, size: tuple[int, int],
             place: Callable[[int], str]) -> list[dict | None]:
    """Bring COCO segmentations of any form to compressed RLEs whose counts are text.

    Args:
        segmentations: RLEs (compressed or not) or polygons; anything empty means: no mask.
        size: Expected (height, width) in pixels.
        place: Names entry i in an error message.

    Returns:
        RLEs; None also for masks without pixels.

    Raises:
        S2DInputError: At the first mask that does not decode or is of another size.
    """
    rles = []
    for index, segmentation in enumerate(segmentations):
        try:
            rle = to_rle(segmentation, size) if segmentation else None
        except ValueError as error:
            raise S2DInputError(f'{place(index)}: the mask does not decode ({error}); get the '
                                'file again') from error
        if rle is not None:
            counts = rle['counts']
            rle = dict(size=list(map(int, rle['size'])),
                       counts=counts.decode('ascii') if isinstance(counts, bytes) else counts)
            if rle['size'] != list(size):
                raise S2DInputError(
                    f'{place(index)}: expected a mask of {size[0]}x{size[1]} pixels (height x '
                    f'width), found {rle["size"][0]}x{rle["size"][1]}; get masks and frames of '
                    'one resolution')
        rles.append(rle)
    present = [index for index, rle in enumerate(rles) if rle is not None]
    areas, valid = measure([rles[index] for index in present])
    for index, area, is_valid in zip(present, areas, valid, strict=True):
        if not is_valid:
            raise S2DInputError(f'{place(index)}: the RLE does not decode to {size[0]}x{size[1]} '
                                'pixels; get the file again')
        if area == 0:
            rles[index] = None
    return rles


def split_ids(ids: np.ndarray, drop: Container[int] = (0,)) -> dict[int, dict]:
    """Split an id map into one compressed RLE per id.

    Args:
        ids: (H, W) non-negative integers.
        drop: Ids that are no objects.
    """
    small = ids.max() < 2**16
    values = np.flatnonzero(np.bincount(ids.ravel())) if small else np.unique(ids)
    return {value: encode_masks((ids == value)[None])[0]
            for value in values.tolist() if value not in drop}


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
