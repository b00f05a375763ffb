"""All masks of a frame as one map of bits, made from their RLEs without decoding any of them.

Pixels are counted column by column, as in an RLE: pixel (x, y) is ``x * height + y``.
"""

from collections.abc import Sequence

import numpy as np

from ..labels.rle import base32_values

MASKS_PER_MAP = 64


def changes_of(rle: dict) -> np.ndarray:
    """Return the pixels at which a valid compressed RLE switches between outside and inside.

    In the text, from the fourth run on, each is the difference to the run two before.
    """
    counts = rle['counts']
    digits = np.frombuffer(counts if isinstance(counts, bytes) else counts.encode('ascii'),
                           np.uint8) - np.uint8(48)
    runs = base32_values(digits)[0]
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    changes = np.cumsum(runs)[:-1]
    if (runs[1:] == 0).any():
        # Runs of no length: two changes at one pixel are none.
        changes, times = np.unique(changes, return_counts=True)
        changes = changes[times % 2 == 1]
    return changes.astype(np.int32)


def bit_map(changes: Sequence[np.ndarray], num_pixels: int) -> np.ndarray:
    """Combine up to 64 masks: bit i of a pixel says whether mask i covers it.

    Args:
        changes: Per mask what :func:`changes_of` returns.
        num_pixels: Pixels of the frame.

    Returns:
        (num_pixels,) unsigned integers, as small as the number of masks allows.
    """
    bits = next(width for width in (8, 16, 32, 64) if len(changes) <= width)
    kind = np.dtype(f'uint{bits}').type
    switched = np.zeros(num_pixels + 1, kind)
    for bit, pixels in enumerate(changes):
        switched[pixels] ^= kind(1 << bit)
    return np.bitwise_xor.accumulate(switched[:-1])


def bits_at(bit_map: np.ndarray, pixels: np.ndarray, num_masks: int) -> np.ndarray:
    """Look up which masks cover which pixels: (N, num_masks) bool."""
    words = bit_map[pixels]
    one = words.dtype.type(1)
    return ((words[:, None] >> np.arange(num_masks, dtype=words.dtype)) & one).astype(bool)
