"""Frames of a clip as JPEG files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import S2DInputError
from ..fileio.stamps import Stamp, stamped
from ..fileio.whole_files import whole_folder, write_json
from .base import Video
from .lazy_frames import LazyFrames

JPEG_QUALITY = 95
#: Says in a folder of frames what they were made from.
NOTE = '.made_from.json'


def working_size(size: tuple[int, int], max_short_side: int) -> tuple[int, int]:
    """Return the (height, width) with a short side of at most ``max_short_side``."""
    scale = min(1.0, max_short_side / min(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def extract_frames(video: Video, start: int, stop: int, folder: str | Path,
                   max_short_side: int = 480,
                   progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Write frames ``start`` to ``stop - 1``; see :func:`write_frames`.

    Raises:
        S2DInputError: If they are not all in the video, one does not decode, or the folder cannot
            be written.
    """
    if not 0 <= start < stop <= len(video):
        raise S2DInputError(f'{video.path} has {len(video)} frames; frames {start} to {stop - 1} '
                            'are not all in it')
    return write_frames(LazyFrames.of(video, start, stop), folder, max_short_side, progress)


def write_frames(frames: Sequence[np.ndarray], folder: str | Path, max_short_side: int,
                 progress: Callable[[int, int], None] | None = None,
                 stamp: Stamp | None = None) -> list[str]:
    """Write frames as ``00000.jpg``, ... into ``folder``, which holds all of them or is not there.

    Args:
        frames: (H, W, 3) uint8 RGB each, all of one size; read one at a time.
        folder: Where they go; its parents are made. One that exists is replaced at the end.
        max_short_side: Larger frames are made smaller, smaller ones stay as they are.
        progress: Called with frames done and their total.
        stamp: What they are made from; kept in the folder, in the hidden file :data:`NOTE`.

    Returns:
        The file names in order.

    Raises:
        S2DInputError: If a frame cannot be read or the folder cannot be written.
    """
    names = [f'{index:05d}.jpg' for index in range(len(frames))]
    with whole_folder(folder) as temporary:
        for index, name in enumerate(names):
            (temporary / name).write_bytes(_encode(frames[index], max_short_side, folder))
            if progress is not None:
                progress(index + 1, len(names))
        if stamp is not None:
            write_json(temporary / NOTE, stamped(stamp, dict(count=len(names))))
    return names


def _encode(frame: np.ndarray, max_short_side: int, folder: str | Path) -> bytes:
    size = frame.shape[:2]
    height, width = working_size(size, max_short_side)
    if (height, width) != size:
        frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    try:
        ok, data = cv2.imencode('.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR),
                                [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except cv2.error:
        ok = False
    if not ok:
        raise S2DInputError(f'cannot write frames of {width}x{height} to {folder}: JPEG takes at '
                            'most 65500 pixels a side; cut or shrink the video')
    return data.tobytes()
