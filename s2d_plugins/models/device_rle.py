"""Run-length encoding of masks where they are, so that only the ends of runs reach the host."""

import numpy as np
from pycocotools import mask as coco_mask
from torch import Tensor

from ..errors import S2DInputError
from .host_transfers import read_from_device

#: read_from_device gives float32, in which larger numbers are not exact.
_LARGEST = 2**24


def encode_on_device(masks: Tensor) -> list[dict | None]:
    """Encode masks as :func:`~s2d_plugins.labels.rle.encode_masks` does, on their device.

    A mask has as many runs as its outline crosses columns, which is far less than it has pixels.
    Two transfers are made, whatever the number of masks.

    Args:
        masks: (N, H, W) bool, of less than 16 million pixels each.

    Returns:
        Compressed RLEs; None for masks without a pixel.
    """
    number, height, width = masks.shape
    if number == 0:
        return []
    pixels = height * width
    if pixels >= _LARGEST or number >= _LARGEST:
        raise S2DInputError(f'expected masks of less than 16 million pixels, found {height} x '
                            f'{width}; lower the scale')
    columns = masks.transpose(1, 2).flatten(1)  # read column by column
    rows, places = (columns[:, 1:] != columns[:, :-1]).nonzero(as_tuple=True)
    first, rows, places = (part.numpy() for part in read_from_device(columns[:, 0], rows, places))
    starts_inside = first > 0
    rows, places = rows.astype(np.int64), places.astype(np.int64) + 1
    bounds = np.searchsorted(rows, np.arange(number + 1))
    filled = starts_inside | (np.diff(bounds) > 0)
    runs = []
    for row in np.flatnonzero(filled):
        edges = places[bounds[row]:bounds[row + 1]]
        ends = np.concatenate([[0] * (1 + starts_inside[row]), edges, [pixels]])
        runs.append(dict(size=[height, width], counts=np.diff(ends).astype(np.uint32)))
    rles = iter(coco_mask.frPyObjects(runs, height, width) if runs else ())
    return [dict(size=[height, width], counts=next(rles)['counts'].decode('ascii')) if full
            else None for full in filled]
