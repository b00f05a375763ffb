"""Indexed PNGs as DAVIS writes them, and how overlapping tracks become one."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import S2DInputError
from ..fileio.images import MASK_FORMATS, open_image
from ..fileio.plain_files import open_file
from ..fileio.whole_files import write_bytes
from .rle import decode_mask

MAX_TRACKS = 20
#: In images of 8 bits, as DAVIS has them: pixels of no object and of no background. An image of
#: 16 bits has no such value; 255 is an object like any other there.
VOID = 255
_DEPTH_BYTE = 24


def davis_palette() -> np.ndarray:
    """The (256, 3) uint8 colours of PASCAL VOC and DAVIS: bits of the id, interleaved."""
    ids = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for level in range(8):
        for channel in range(3):
            palette[:, channel] |= ((ids >> (3 * level + channel) & 1) << (7 - level)).astype(
                np.uint8)
    return palette


def read_mask_png(path: str | Path) -> np.ndarray:
    """Read a PNG as it is: (H, W) uint8 or, of 16 bits, uint16; (H, W, 3) uint8 if coloured.

    An image with a palette gives its indices, one of one bit 0 and 1. Transparency is left out.

    Raises:
        S2DInputError: If the file is missing, is no whole PNG, or has 16 bits a colour.
    """
    with open_image(path, MASK_FORMATS, 'mask') as image:
        if image.mode.startswith('I'):
            return np.array(image).astype(np.uint16)
        if image.mode in ('P', 'L', '1'):
            return np.array(image, dtype=np.uint8)
        colors = np.array(image.convert('RGB'))
    with open_file(path, 'mask') as file:
        if file.read(_DEPTH_BYTE + 1)[-1] == 16:  # Pillow keeps the upper eight alone
            raise S2DInputError(f'{path}: expected a mask of ids, found a colour image of 16 bits; '
                                'save it as grey of 16 bits or with a palette')
    return colors


def read_indexed_png(path: str | Path) -> np.ndarray:
    """Read the ids of a mask image exactly: (H, W) uint8, or uint16 from an image of 16 bits.

    Palette and grey images are read as they are; colour images only if they are grey.
    :data:`VOID` has its meaning in uint8 alone, see :func:`clear_void`.

    Raises:
        S2DInputError: If the file is missing, is no whole PNG, or its colours are not ids.
    """
    ids = read_mask_png(path)
    if ids.ndim == 3:
        if (ids != ids[..., :1]).any():
            raise S2DInputError(f'{path}: expected an indexed or grey PNG whose values are object '
                                'ids, found a colour image; save it with a palette')
        ids = np.ascontiguousarray(ids[..., 0])
    return ids


def read_davis_png(path: str | Path) -> np.ndarray:
    """Read the ids of a mask image where 8 bits must do, as in DAVIS: (H, W) uint8.

    Raises:
        S2DInputError: Also if an image of 16 bits has an id of 255 or more: 255 would become void
            and higher ones others.
    """
    ids = read_indexed_png(path)
    if ids.dtype != np.uint8 and ids.max(initial=0) >= VOID:
        raise S2DInputError(f'{path}: object id {ids.max()} in an image of 16 bits, expected at '
                            f'most {VOID - 1} as in DAVIS; number the objects from 1')
    return ids.astype(np.uint8, copy=False)


def clear_void(ids: np.ndarray) -> np.ndarray:
    """Make void pixels background; ids that are not uint8 have none."""
    return np.where(ids == VOID, 0, ids).astype(np.uint8) if ids.dtype == np.uint8 else ids


def write_indexed_png(path: str | Path, ids: np.ndarray) -> None:
    """Write an (H, W) map of ids 0 to 255 with DAVIS's palette, whole or not at all.

    Raises:
        S2DInputError: If an id does not fit 8 bits, the folder cannot be written, or the disk is
            full.
    """
    ids = np.asarray(ids)
    if ids.min(initial=0) < 0 or ids.max(initial=0) > 255:
        raise S2DInputError(f'{path}: ids from {ids.min()} to {ids.max()}, expected 0 to 255, '
                            'which is what an indexed PNG holds')
    image = Image.fromarray(ids.astype(np.uint8), mode='P')
    image.putpalette(davis_palette().ravel().tolist())
    buffer = io.BytesIO()
    image.save(buffer, 'PNG')
    write_bytes(path, buffer.getvalue())


def rank_tracks(tracks: Sequence[dict], limit: int = MAX_TRACKS) -> list[dict]:
    """The tracks that an indexed PNG holds: the ``limit`` best, the earlier of equals first."""
    return sorted(tracks, key=lambda track: -track['score'])[:limit]


def paint_frame(ranked: Sequence[dict], frame: int, size: tuple[int, int]) -> np.ndarray:
    """One frame of ranked tracks as an id map.

    The overlap rule: a pixel that several tracks claim belongs to the one with the highest
    score. Ids are ranks: the best track is 1.

    Args:
        ranked: Tracks ``dict(score, segmentations)`` in the order of :func:`rank_tracks`.
        frame: Index into ``segmentations``.
        size: (height, width) in pixels.

    Returns:
        (H, W) uint8; 0 is background.
    """
    ids = np.zeros(size, np.uint8)
    for rank in range(len(ranked), 0, -1):
        rle = ranked[rank - 1]['segmentations'][frame]
        if rle is not None:
            ids[decode_mask(rle)] = rank
    return ids


def write_tracks(folder: str | Path, tracks: Sequence[dict], names: Sequence[str],
                 size: tuple[int, int], limit: int = MAX_TRACKS) -> None:
    """Write tracks as indexed PNGs, one per frame; see :func:`paint_frame` for overlaps.

    Args:
        folder: Folder of the sequence.
        tracks: Tracks of one video, ``dict(score, segmentations)``.
        names: Per frame the file's name without suffix, such as ``00000``.
        size: (height, width) in pixels.
        limit: Highest number of tracks kept.
    """
    ranked = rank_tracks(tracks, limit)
    for frame, name in enumerate(names):
        write_indexed_png(Path(folder) / f'{name}.png', paint_frame(ranked, frame, size))
