"""Tracks as indexed PNGs, one per frame, as DAVIS reads them."""

import logging
from pathlib import Path, PurePosixPath

import numpy as np
from mmengine.logging import print_log

from ..errors import S2DInputError
from ..fileio.whole_files import whole_folder, write_text
from ..labels.indexed_png import VOID, rank_tracks, write_indexed_png
from ..labels.rle import decode_mask
from .video_tracks import VideoTracks

#: Says that a folder of PNGs is this module's, and may be replaced as a whole.
NOTE = '.made_by_s2d'


def write_id_images(folder: Path, tracks: VideoTracks) -> None:
    """Write an image of ids per frame into a folder, which holds all of them or is as before.

    A pixel's value is the number of its track. Where several claim it, the one of the highest
    score has it. More than 254 do not fit 8 bits with void: the best 254 are kept, and numbered
    anew in their order.

    Raises:
        S2DInputError: If the folder holds something else, or cannot be written.
    """
    check_own_folder(folder)
    kept = list(tracks.tracks)
    if len(kept) >= VOID:
        best = {id(track) for track in rank_tracks(kept, VOID - 1)}
        print_log(f'{folder}: of {len(kept)} instances the best {VOID - 1} are kept, which is what '
                  'an indexed PNG holds', 'current', logging.WARNING)
        kept = [track for track in kept if id(track) in best]
    with whole_folder(folder) as temporary:
        for frame, name in enumerate(tracks.frame_names):
            write_indexed_png(temporary / f'{PurePosixPath(name).stem}.png',
                              paint_ids(kept, frame, tracks.size))
        write_text(temporary / NOTE, 'Masks made by S2D; a new run replaces the folder.\n')


def paint_ids(tracks: list[dict], frame: int, size: tuple[int, int]) -> np.ndarray:
    """Return a frame's (H, W) uint8 of track numbers, 0 where there is none."""
    ids = np.zeros(size, np.uint8)
    order = sorted(range(len(tracks)), key=lambda index: (tracks[index]['score'], -index))
    for index in order:
        rle = tracks[index]['segmentations'][frame]
        if rle is not None:
            ids[decode_mask(rle)] = index + 1
    return ids


def check_own_folder(folder: Path) -> None:
    """Check that a folder is not there, is empty, or was made here.

    Raises:
        S2DInputError: If it may hold what somebody else wants to keep.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / NOTE).is_file():
        raise S2DInputError(f'the folder {folder} would be replaced, but holds files that S2D did '
                            'not make; choose another output folder')
