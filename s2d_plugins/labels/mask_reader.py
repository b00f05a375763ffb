"""The one reader of masks from files: any COCO form in, valid compressed RLEs out, or one line.

pycocotools trusts what it is given and answers a broken mask with memory noise, so nothing that
came from outside reaches it before it has passed here.
"""

import math
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from ..errors import S2DInputError
from ..fileio.images import MAX_PIXELS
from .rle import measure


def read_masks(segmentations: Sequence, size: tuple[int, int], place: Callable[[int], str],
               keep_empty: bool = False) -> tuple[list[dict | None], np.ndarray]:
    """Read the masks of frames of one size.

    Args:
        segmentations: Each a compressed RLE (``counts`` text or bytes), an uncompressed one
            (``counts`` a list of runs), polygons ``[[x0, y0, x1, y1, x2, y2, ...], ...]`` in
            pixels, or None or ``[]``: no mask.
        size: (height, width) in pixels that every mask must have.
        place: Names entry i for a message: file, video and frame.
        keep_empty: Give masks without a pixel as RLEs too; by default they become None.

    Returns:
        RLEs ``dict(size=[h, w], counts=text)`` or None, and (N,) int64 areas in pixels.

    Raises:
        S2DInputError: At the first mask that does not decode or has another size.
    """
    check_frame_size(size, place)
    rles = [_to_rle(segmentation, size, place, index) if has_mask(segmentation) else None
            for index, segmentation in enumerate(segmentations)]
    present = [index for index, rle in enumerate(rles) if rle is not None]
    areas = np.zeros(len(rles), np.int64)
    areas[present], valid = measure([rle for rle in rles if rle is not None])
    if not valid.all():
        bad = present[int(np.flatnonzero(~valid)[0])]
        raise _broken(place(bad), f'its RLE does not fill {size[0]} x {size[1]} pixels')
    if not keep_empty:
        rles = [rle if area else None for rle, area in zip(rles, areas.tolist(), strict=True)]
    return rles, areas


def read_mask(segmentation: Any, size: tuple[int, int], place: str,
              keep_empty: bool = False) -> dict | None:
    """Read one mask; see :func:`read_masks`."""
    return read_masks([segmentation], size, lambda _: place, keep_empty)[0][0]


def has_mask(segmentation: Any) -> bool:
    """Say whether an entry of ``segmentations`` holds a mask: not where it is None or ``[]``."""
    return segmentation is not None and segmentation != []


def read_rle(rle: Any, place: str, keep_empty: bool = False) -> dict | None:
    """Read one RLE of whatever size it states; see :func:`read_masks`."""
    return read_mask(rle, rle_size(rle, place), place, keep_empty)


def rle_size(rle: Any, place: str) -> tuple[int, int]:
    """Return the (height, width) that an RLE states.

    Raises:
        S2DInputError: If it states none.
    """
    size = rle.get('size') if isinstance(rle, dict) else None
    if size is None or not _is_size(size):
        raise _broken(place, f'expected an RLE with a size [height, width], found {_short(rle)}')
    return tuple(size)


def check_frame_size(size: tuple[int, int], place: Callable[[int], str]) -> None:
    """Check that frames of this (height, width) can be images; larger ones fill the memory.

    Raises:
        S2DInputError: If they cannot, or a side is not positive.
    """
    height, width = size
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        raise S2DInputError(f'{place(0)}: frames of {height} x {width} (height x width), expected '
                            f'1 to {MAX_PIXELS} pixels; correct the size')


def _to_rle(segmentation: Any, size: tuple[int, int], place: Callable[[int], str],
            index: int) -> dict:
    """Bring one segmentation to a compressed RLE of the size; whether it decodes is not known."""
    if isinstance(segmentation, dict):
        counts = segmentation.get('counts')
        _check_size(segmentation.get('size'), size, place, index)
        if isinstance(counts, list):
            return _from_runs(counts, size, place, index)
        if isinstance(counts, bytes):
            counts = counts.decode('latin-1')
        if not isinstance(counts, str):
            raise _broken(place(index), 'expected RLE counts as text or a list, found '
                          f'{type(counts).__name__}')
        return dict(size=list(size), counts=counts)
    if isinstance(segmentation, list):
        return _from_polygons(segmentation, size, place, index)
    raise _broken(place(index), 'expected an RLE or polygons, found '
                  f'{type(segmentation).__name__}')


def _is_size(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(
        type(side) is int for side in value)


def _check_size(found: Any, size: tuple[int, int], place: Callable[[int], str],
                index: int) -> None:
    if not _is_size(found):
        raise _broken(place(index), 'expected an RLE with a size [height, width], found '
                      f'{_short(found)}')
    if tuple(found) != tuple(size):
        hint = ('height and width are swapped' if tuple(found) == tuple(size)[::-1] else
                'make masks and frames of one size')
        raise S2DInputError(f'{place(index)}: the mask is {found[0]} x {found[1]} (height x '
                            f'width), expected {size[0]} x {size[1]}; {hint}')


def _from_runs(runs: list, size: tuple[int, int], place: Callable[[int], str], index: int) -> dict:
    if not all(type(run) is int and run >= 0 for run in runs) or sum(runs) != math.prod(size):
        raise _broken(place(index), f'its runs do not fill {size[0]} x {size[1]} pixels')
    return _as_text(coco_mask.frPyObjects(dict(size=list(size), counts=runs), *size))


def _from_polygons(polygons: list, size: tuple[int, int], place: Callable[[int], str],
                   index: int) -> dict:
    reach = 2 * max(size)
    for polygon in polygons:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
            raise _broken(place(index), 'expected polygons of at least three points x, y, found '
                          f'{_short(polygon)}')
        if not all(type(value) in (int, float) and -reach <= value <= reach for value in polygon):
            raise _broken(place(index), 'expected polygons in pixels of the frame, found '
                          f'{_short(polygon)}')
    return _as_text(coco_mask.merge(coco_mask.frPyObjects(polygons, *size)))


def _as_text(rle: dict) -> dict:
    return dict(size=list(map(int, rle['size'])), counts=rle['counts'].decode('ascii'))


def _short(value: Any) -> str:
    return reprlib.repr(value)[:80]


def _broken(place: str, reason: str) -> S2DInputError:
    return S2DInputError(f'{place}: the mask does not decode ({reason}); write it anew')
