"""Frames of a clip as JPEG files."""

from collections.abc import Callable
from pathlib import Path

import cv2

from ..errors import S2DInputError
from ..fileio.whole_files import whole_folder
from .base import Video

JPEG_QUALITY = 95


def working_size(size: tuple[int, int], max_short_side: int) -> tuple[int, int]:
    """Return the (height, width) with a short side of at most ``max_short_side``."""
    scale = min(1.0, max_short_side / min(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def extract_frames(video: Video, start: int, stop: int, folder: str | Path,
                   max_short_side: int = 480,
                   progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Write frames ``start`` to ``stop - 1`` as ``00000.jpg``, ... into ``folder``.

    They are written to a temporary folder that is renamed at the end: ``folder`` holds all the
    frames or is not there. One that exists is replaced.

    Args:
        video: Where they come from.
        start: First frame.
        stop: One past the last frame.
        folder: Where they go; its parents are made.
        max_short_side: Larger frames are made smaller, smaller ones stay as they are.
        progress: Called with frames done and their total.

    Returns:
        The file names in order.

    Raises:
        S2DInputError: If a frame does not decode or the folder cannot be written.
    """
    if not 0 <= start < stop <= len(video):
        raise S2DInputError(f'{video.path} has {len(video)} frames; frames {start} to {stop - 1} '
                            'are not all in it')
    with whole_folder(folder) as temporary:
        return _write_frames(video, range(start, stop), temporary, max_short_side, progress)


def _write_frames(video: Video, indices: range, folder: Path, max_short_side: int,
                  progress: Callable[[int, int], None] | None) -> list[str]:
    height, width = working_size(video.size, max_short_side)
    names = []
    for position, index in enumerate(indices):
        frame = video[index]
        if (height, width) != video.size:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode('.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR),
                               [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        names.append(f'{position:05d}.jpg')
        (folder / names[-1]).write_bytes(data.tobytes())
        if progress is not None:
            progress(position + 1, len(indices))
    return names
