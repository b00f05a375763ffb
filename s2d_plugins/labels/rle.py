"""Arithmetic on COCO run-length encodings that never makes a dense mask.

A compressed RLE (``counts`` is text) holds runs in column-major order, background first. Each
run is stored in base 32, five bits a character, as the difference to the run two before it.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from pycocotools import mask as coco_mask

#: Five bits each: a run is below 2**32, with its sign that is seven digits.
_MAX_DIGITS = 7
#: pycocotools counts in one byte: its lists of 256 masks and more fail under NumPy 2.
_MASKS_PER_CALL = 128
_PIXELS_AT_ONCE = 2**21


def encode_mask(mask: np.ndarray) -> dict:
    """Encode one (H, W) mask."""
    return encode_masks(np.asarray(mask)[None])[0]


def decode_mask(rle: dict) -> np.ndarray:
    """Decode one valid RLE to a bool array (H, W)."""
    return coco_mask.decode(rle).astype(bool)


def encode_masks(masks: np.ndarray) -> list[dict]:
    """Encode (N, H, W) masks as compressed RLEs; the same as pycocotools', several times faster.

    Only the box around a mask is looked at closely. The runs are the distances between the
    places where the mask, read column by column, changes; they are found for many masks at once.
    """
    if len(masks) == 0:
        return []
    masks = np.asarray(masks, dtype=bool)
    height, width = map(int, masks.shape[1:])
    boxes = _boxes(masks)
    parts = np.cumsum(boxes[:, 2] * boxes[:, 3]) // _PIXELS_AT_ONCE
    starts = np.flatnonzero(np.diff(parts, prepend=-1)).tolist()
    runs = [dict(size=[height, width], counts=counts)
            for start, stop in pairwise([*starts, len(masks)])
            for counts in _runs(masks[start:stop], boxes[start:stop])]
    rles = coco_mask.frPyObjects(runs, height, width)
    return [dict(size=[height, width], counts=rle['counts'].decode('ascii')) for rle in rles]


def _boxes(masks: np.ndarray) -> np.ndarray:
    """Left, top, width and height (N, 4) of what is set in (N, H, W) bool; zeros if nothing is."""
    if masks.shape[2] % 8 == 0 and masks.strides[2] == 1:  # eight pixels at a time
        filled = np.bitwise_or.reduce(masks.view(np.uint64), axis=2) > 0
    else:
        filled = masks.any(axis=2)
    boxes = np.zeros((len(masks), 4), np.int64)
    for box, mask, rows in zip(boxes, masks.view(np.uint8), filled, strict=True):
        top = int(rows.argmax())
        if rows[top]:
            box[:] = cv2.boundingRect(mask[top:len(rows) - int(rows[::-1].argmax())])
            box[1] = top
    return boxes


def _runs(masks: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
    """Lengths of the runs of each mask, uint32."""
    height, width = masks.shape[1:]
    left, top, across, down = boxes.T
    # unless the box is as high as the frame, an empty pixel parts a column from the next
    step = np.minimum(down + 1, height)
    pixels = across * step + 1
    starts = np.cumsum(pixels) - pixels + 1
    columns = np.zeros(1 + pixels.sum(), np.uint8)
    for mask, start, gap, (x, y, w, h) in zip(masks.view(np.uint8), starts.tolist(),
                                              step.tolist(), boxes.tolist(), strict=True):
        if w:
            cv2.transpose(mask[y:y + h, x:x + w],
                          dst=columns[start:start + w * gap].reshape(w, gap)[:, :h])
    changes = np.flatnonzero(columns[1:] != columns[:-1]) + 1
    counts = np.diff(np.searchsorted(changes, starts), append=len(changes))
    changes -= np.repeat(starts, counts)
    changes += changes // np.repeat(step, counts) * np.repeat(height - step, counts)
    changes += np.repeat(left * height + top, counts)
    last = np.cumsum(counts + 1) - 1
    ends = np.full(last[-1] + 1, height * width)
    kept = np.ones(len(ends), bool)
    kept[last] = False
    ends[kept] = changes
    runs = np.diff(ends, prepend=0)
    runs[last[:-1] + 1] = ends[last[:-1] + 1]
    kept[last] = (runs[last] > 0) | (counts == 0)  # a mask that fills the last pixel ends with it
    stops = np.cumsum(counts + kept[last])
    return np.split(runs[kept].astype(np.uint32), stops[:-1])


def resized_masks(rles: Sequence[dict | None], size: tuple[int, int]) -> list[dict | None]:
    """Resize RLEs to (height, width), to the nearest pixel; None stays."""
    return [rle if rle is None or tuple(rle['size']) == tuple(size) else encode_mask(
        cv2.resize(coco_mask.decode(rle), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT))
        for rle in rles]


def areas_and_boxes(rles: Sequence[dict]) -> tuple[list[int], list[list[float]]]:
    """Area in pixels, and tight box [x, y, width, height], of each of any number of valid RLEs."""
    areas, boxes = [], []
    for start in range(0, len(rles), _MASKS_PER_CALL):
        some = list(rles[start:start + _MASKS_PER_CALL])
        areas += coco_mask.area(some).tolist()
        boxes += coco_mask.toBbox(some).tolist()
    return areas, boxes


def _as_bytes(counts: str | bytes) -> bytes:
    return counts if isinstance(counts, bytes) else counts.encode('utf-8', 'replace')


def base32_values(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed values of a stream of uint8 digits and the index of the last digit of each.

    Bit 32 of a digit says that another, of higher value, follows; bit 16 of the last is the sign.
    Of a value with more digits than a run can have, the highest are passed over.
    """
    last = np.flatnonzero(digits < 32)
    values = ((digits[last] << 3).view(np.int8) >> 3).astype(np.int64)
    length = np.empty_like(last)
    length[0], length[1:] = last[0] + 1, last[1:] - last[:-1]
    longer = np.flatnonzero(length > 1)
    for place in range(1, _MAX_DIGITS):
        if not len(longer):
            break
        values[longer] = (values[longer] << 5) | (digits[last[longer] - place] & 31)
        longer = longer[length[longer] > place + 1]
    return values, last


def _undo_differences(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sum up the differences within each RLE, whose first value is at its place in ``rows``."""
    totals = np.add.reduceat(values, rows)
    values[rows[1:]] -= totals[:-1]
    return np.cumsum(values)


def _background_and_mask(values: np.ndarray, counts: np.ndarray,
                         ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of background and of mask, of RLEs one after the other.

    Args:
        values: (R,) differences to the run two before; the first three of an RLE are runs.
        counts: (N,) values of each RLE.

    Returns:
        background (P,) and mask (P,), in alternation, and (N,) index of each RLE's first; an RLE
        that ends with background has one empty run of mask more.
    """
    pairs = (counts + 1) // 2
    rows = np.cumsum(pairs) - pairs
    places = np.arange(len(values)) + np.repeat(2 * rows - np.cumsum(counts) + counts, counts)
    padded = np.zeros(2 * pairs.sum(), np.int64)
    padded[places] = values
    background, mask = padded[::2].copy(), padded[1::2].copy()
    second = rows[counts > 2] + 1
    background[second] -= background[second - 1]
    background, mask = _undo_differences(background, rows), _undo_differences(mask, rows)
    mask[(rows + pairs - 1)[counts % 2 == 1]] = 0
    return background, mask, rows


def measure(rles: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Area of each compressed RLE, and whether it decodes to exactly its size.

    Args:
        rles: N RLEs; ``counts`` str or bytes.

    Returns:
        areas (N,) int64 in pixels (0 where invalid) and valid (N,) bool.
    """
    texts = [_as_bytes(rle['counts']) for rle in rles]
    valid = np.array([len(text) > 0 and 48 <= text[-1] < 80 for text in texts], dtype=bool)
    if not texts:
        return np.zeros(0, np.int64), valid
    texts = [text if ok else b'0' for text, ok in zip(texts, valid, strict=True)]
    digits = np.frombuffer(b''.join(texts), np.uint8) - np.uint8(48)
    ends = np.cumsum([len(text) for text in texts])
    bad = np.flatnonzero(digits > 63)
    valid[np.searchsorted(ends, bad, side='right')] = False
    values, last = base32_values(digits & 63)
    long = last[np.diff(last, prepend=-1) > _MAX_DIGITS]
    valid[np.searchsorted(ends, long, side='right')] = False
    counts = np.diff(np.searchsorted(last, ends - 1, side='right'), prepend=0)
    background, mask, rows = _background_and_mask(values, counts)
    areas = np.add.reduceat(mask, rows)
    pixels = [rle['size'][0] * rle['size'][1] for rle in rles]
    valid &= areas + np.add.reduceat(background, rows) == pixels
    for runs in (background, mask):
        valid &= np.minimum.reduceat(runs, rows) >= 0
        valid &= np.maximum.reduceat(runs, rows) < 2**32
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


def tube_iou(tubes_a: list, tubes_b: list, areas_a: np.ndarray, areas_b: np.ndarray,
             ) -> np.ndarray:
    """IoU of mask tubes: common pixels of all frames over the union of all frames.

    Args:
        tubes_a: N tubes, each one RLE or None per frame.
        tubes_b: M tubes of the same length and frame size.
        areas_a: (N, T) pixels.
        areas_b: (M, T) pixels.

    Returns:
        (N, M) float64; 0 where both tubes are empty.
    """
    common = np.zeros((len(tubes_a), len(tubes_b)), np.int64)
    for frame in range(areas_a.shape[1]):
        rows, columns = np.flatnonzero(areas_a[:, frame]), np.flatnonzero(areas_b[:, frame])
        common[rows[:, None], columns] += intersections(
            [tubes_a[i][frame] for i in rows], [tubes_b[i][frame] for i in columns],
            areas_a[rows, frame], areas_b[columns, frame])
    union = areas_a.sum(axis=1)[:, None] + areas_b.sum(axis=1) - common
    return np.where(union > 0, common / np.maximum(union, 1), 0.0)
