"""The proposals file: the masks of every frame of one clip."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import Problems, S2DInputError
from ..fileio.json_files import read_json
from ..fileio.json_kinds import Proposals
from ..fileio.stamps import Stamp, stamped
from ..fileio.whole_files import write_json
from .mask_reader import read_mask, read_masks


def write_proposals(path: str | Path, name: str, size: tuple[int, int],
                    frames: Sequence[Sequence[dict]], stamp: Stamp | None = None) -> None:
    """Write the proposals of one clip.

    Args:
        path: Target file.
        name: Name of the clip.
        size: (height, width) of its frames in pixels.
        frames: Per frame a list of ``dict(segmentation=RLE, score=float)``; masks may overlap.
        stamp: What they were made from, see :mod:`s2d_plugins.fileio.stamps`.
    """
    content = dict(video=name, height=size[0], width=size[1], frames=frames)
    write_json(path, stamped(stamp, content) if stamp else content)


def read_proposals(path: str | Path, problems: Problems | None = None) -> dict:
    """Read and check the proposals of one clip; masks without a pixel are left out.

    Args:
        path: The file.
        problems: Takes masks that are faulty; leniently they are left out too.

    Raises:
        S2DInputError: If it is no proposals file, or unless lenient, a mask does not decode or is
            not of the size the file states, or a score is not finite.
    """
    content = read_json(path, Proposals)
    size = (content['height'], content['width'])
    frames = [_read_frame(masks, size, f'{path}, frame {frame}', problems or Problems(False))
              for frame, masks in enumerate(content['frames'])]
    return dict(content, frames=frames)


def _read_frame(masks: list[dict], size: tuple[int, int], place: str,
                problems: Problems) -> list[dict]:
    segmentations = [mask['segmentation'] for mask in masks]
    try:
        rles, _ = read_masks(segmentations, size, lambda index: f'{place}, mask {index}')
    except S2DInputError:
        if not problems.lenient:
            raise
        rles = [_read_or_note(segmentation, size, f'{place}, mask {number}', problems)
                for number, segmentation in enumerate(segmentations)]
    kept = []
    for number, (mask, rle) in enumerate(zip(masks, rles, strict=True)):
        if not math.isfinite(mask['score']):
            problems.add(f'{place}, mask {number}: score {mask["score"]} is not a finite number; '
                         'make the file again')
        elif rle is not None:
            kept.append(dict(mask, segmentation=rle))
    return kept


def _read_or_note(segmentation: Any, size: tuple[int, int], place: str,
                  problems: Problems) -> dict | None:
    try:
        return read_mask(segmentation, size, place)
    except S2DInputError as error:
        problems.add(str(error))
        return None
