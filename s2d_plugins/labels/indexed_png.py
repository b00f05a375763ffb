"""Indexed PNGs as DAVIS writes them, and how overlapping tracks become one."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import S2DInputError
from ..fileio.whole_files import write_bytes
from .rle import decode_mask

MAX_TRACKS = 20


def davis_palette() -> np.ndarray:
    """The (256, 3) uint8 colours of PASCAL VOC and DAVIS: bits of the id, interleaved."""
    ids = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for level in range(8):
        for channel in range(3):
            palette[:, channel] |= ((ids >> (3 * level + channel) & 1) << (7 - level)).astype(
                np.uint8)
    return palette


def read_indexed_png(path: str | Path) -> np.ndarray:
    """Read the ids of a mask image: (H, W) uint8.

    Palette and grey images are read as they are; colour images only if they are grey.

    Raises:
        S2DInputError: If the file is missing, is no image, or its colours are not ids.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ('P', 'L'):
                image = image.convert('1' if image.mode == '1' else 'RGB')
            ids = np.array(image, dtype=np.uint8)
    except (OSError, ValueError, SyntaxError) as error:
        raise S2DInputError(f'cannot read mask {path}: {error}') from error
    if ids.ndim == 3:
        if (ids != ids[..., :1]).any():
            raise S2DInputError(f'{path}: expected an indexed or grey PNG whose values are object '
                                'ids, found a colour image; save it with a palette')
        ids = ids[..., 0]
    return ids


def write_indexed_png(path: str | Path, ids: np.ndarray) -> None:
    """Write an (H, W) map of ids 0 to 255 with DAVIS's palette, whole or not at all.

    Raises:
        S2DInputError: If the folder cannot be written or the disk is full.
    """
    image = Image.fromarray(np.asarray(ids, np.uint8), mode='P')
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
