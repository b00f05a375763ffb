"""Arithmetic on COCO run-length encodings that never makes a dense mask.

A compressed RLE (``counts`` is text) holds runs in column-major order, background first. Each
run is stored in base 32, five bits a character, as the difference to the run two before it.
"""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

_MAX_DIGITS = 8


def to_rle(segmentation, size: tuple[int, int]) -> dict:
    """Bring a segmentation of any COCO form to a compressed RLE.

    Args:
        segmentation: Compressed RLE (counts str or bytes), uncompressed RLE (counts list) or a
            list of polygons with pixel coordinates x0, y0, x1, y1, ...
        size: (height, width) in pixels; used for polygons only.

    Raises:
        ValueError: If it is none of these.
    """
    try:
        if isinstance(segmentation, list):
            return coco_mask.merge(coco_mask.frPyObjects(segmentation, *size))
        counts = segmentation['counts']
        height, width = segmentation['size']
        if isinstance(counts, list):
            return coco_mask.frPyObjects(segmentation, height, width)
    except Exception as error:  # the C wrapper raises bare Exception, TypeError, ...
        raise ValueError(f'not a COCO segmentation: {error}') from error
    if not isinstance(counts, str | bytes):
        raise ValueError(f'RLE counts must be text or a list, found {type(counts).__name__}')
    return segmentation


def _as_bytes(counts: str | bytes) -> bytes:
    return counts if isinstance(counts, bytes) else counts.encode('ascii', 'replace')


def _base32_values(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed values of a stream of digits and the index of the last digit of each."""
    last = np.flatnonzero(digits & 0x20 == 0)
    first = np.concatenate([[0], last[:-1] + 1])
    place = np.arange(len(digits)) - np.repeat(first, last - first + 1)
    place = np.minimum(place, _MAX_DIGITS)
    values = np.add.reduceat((digits & 0x1f) << (5 * place), first)
    negative = digits[last] & 0x10 != 0
    return values - (negative.astype(np.int64) << (5 * (place[last] + 1))), last


def _undo_differences(values: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs from differences, and each run's position in its RLE; ``owner`` is non-decreasing."""
    first = np.searchsorted(owner, owner, side='left')
    position = np.arange(len(values)) - first
    runs = values.copy()
    for parity, start in ((1, 1), (0, 2)):
        stream = (position % 2 == parity) & (position >= start)
        total = np.cumsum(np.where(stream, values, 0))
        before = total[first] - np.where(stream, values, 0)[first]
        runs[stream] = (total - before)[stream]
    return runs, position


def measure(rles: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Area of each compressed RLE, and whether it decodes to exactly its size.

    Args:
        rles: N RLEs; ``counts`` str or bytes.

    Returns:
        areas (N,) int64 in pixels (0 where invalid) and valid (N,) bool.
    """
    texts = [_as_bytes(rle['counts']) for rle in rles]
    pixels = np.array([rle['size'][0] * rle['size'][1] for rle in rles], dtype=np.int64)
    valid = np.array([len(text) > 0 and (text[-1] - 48) & 0x20 == 0 and text[-1] >= 48
                      for text in texts], dtype=bool)
    texts = [text if ok else b'0' for text, ok in zip(texts, valid, strict=True)]
    if not texts:
        return np.zeros(0, np.int64), valid
    digits = np.frombuffer(b''.join(texts), np.uint8).astype(np.int64) - 48
    digit_owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    valid[digit_owner[(digits < 0) | (digits > 63)]] = False
    values, last = _base32_values(digits)
    owner = digit_owner[last]
    runs, position = _undo_differences(values, owner)
    valid[owner[runs < 0]] = False
    count = len(texts)
    valid &= np.bincount(owner, runs, count) == pixels
    areas = np.bincount(owner, np.where(position % 2, runs, 0), count).astype(np.int64)
    return np.where(valid, areas, 0), valid


def intersections(rles_a: Sequence[dict], rles_b: Sequence[dict], areas_a: np.ndarray,
                  areas_b: np.ndarray) -> np.ndarray:
    """Common pixels of every pair of valid RLEs of one size.

    pycocotools returns i / u, and i + u is the sum of the two areas, so the integer i follows
    without rounding error; pairs whose boxes are apart cost nothing.

    Returns:
        (N, M) int64.
    """
    if not len(rles_a) or not len(rles_b):
        return np.zeros((len(rles_a), len(rles_b)), np.int64)
    iou = np.asarray(coco_mask.iou(list(rles_a), list(rles_b), [0] * len(rles_b)))
    total = np.add.outer(np.asarray(areas_a), np.asarray(areas_b))
    return np.rint(iou / (1 + iou) * total).astype(np.int64)
