"""Frames on disk: found, checked, or extracted from a video file."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import print_log

from ..errors import S2DInputError
from ..fileio import folders
from ..fileio.folders import list_images
from ..fileio.images import image_size
from ..fileio.json_files import read_json
from ..fileio.paths import check_inside
from ..fileio.plain_files import cannot_read, open_file
from ..fileio.stamps import changed_parts, make_stamp, read_stamp
from ..video import open_video, source_stamp
from ..video.extract import NOTE, write_frames
from ..video.lazy_frames import LazyFrames

_ALL = 'all'
#: What may go with the frames of an earlier run: their note, and what file managers leave.
_OURS = {NOTE, '.DS_Store', 'Thumbs.db', 'desktop.ini'}
_EXTRACTED = re.compile(r'\d{5,}\.jpg')


def read_list(path: str | Path) -> list[str]:
    """Read the non-empty lines of a text file.

    Raises:
        S2DInputError: If it cannot be read.
    """
    with open_file(path) as file:
        try:
            lines = file.read().decode().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise S2DInputError(f'cannot read {path}: {error}; get the list again') from error
    return [line.strip() for line in lines if line.strip()]


def read_names(path: str | Path) -> list[str]:
    """Read a list of videos, one per line; each stands for a folder.

    Raises:
        S2DInputError: If it cannot be read, or a name leads elsewhere.
    """
    return [check_inside(name, str(path)) for name in read_list(path)]


def list_folders(path: str | Path) -> list[str]:
    """List the names of a folder's visible folders in natural order.

    Raises:
        S2DInputError: If there are none.
    """
    names = [folder.name for folder in folders.list_folders(path)]
    if not names:
        raise S2DInputError(f'expected a folder per video in {path}, found none; give the folder '
                            'that the dataset was unpacked to')
    return names


def list_frames(folder: str | Path, video: str) -> list[Path]:
    """List a video's frames.

    Raises:
        S2DInputError: If there are none.
    """
    frames = list_images(folder)
    if not frames:
        raise S2DInputError(f'video {video}: expected frames in {folder}, found none; get the '
                            'frames of the dataset')
    return frames


def check_frames(root: Path, video: str, file_names: Sequence[str], size: tuple[int, int]) -> None:
    """Check that all frames exist and that the first is of the size that the dataset states.

    Raises:
        S2DInputError: Names the video and the first bad frame.
    """
    for frame, name in enumerate(file_names):
        if not os.path.isfile(root / name):
            raise S2DInputError(f'video {video}, frame {frame}: {root / name} is missing; get the '
                                'frames of the dataset, or say --no-frames')
    found = image_size(root / file_names[0])
    if found != tuple(size):
        raise S2DInputError(f'video {video}, frame 0: {root / file_names[0]} is '
                            f'{found[0]}x{found[1]} (height x width), the annotations are '
                            f'{size[0]}x{size[1]}; get masks and frames of one resolution')


def extracted_frames(video_file: Path, folder: Path, indices: Sequence[int] | None = None,
                     max_short_side: int | None = None) -> list[Path]:
    """Return frames of a video file as files below ``folder``, extracting them if need be.

    What an earlier run extracted is taken if it holds these frames of this very video at this
    size, and is else extracted again. A folder that somebody else filled with these frames, or
    with all of the video's, is taken as it is and never overwritten.

    Args:
        video_file: The video.
        folder: Where its frames are or go.
        indices: Numbers of the frames wanted, ascending from 0; None: all.
        max_short_side: Larger frames are made smaller.

    Raises:
        S2DInputError: If the video does not decode or is too short, or the folder cannot be
            written or holds something else.
    """
    present, old = list_images(folder), read_stamp(folder / NOTE)
    if old is None and indices is not None and len(present) == len(indices):
        return present
    gone = old is not None and not os.path.lexists(video_file)  # cleaned up
    stamp = make_stamp(video=None if gone else source_stamp(video_file), size=max_short_side,
                       frames=_ALL if indices is None else list(indices))
    if gone:
        stamp['video'] = old.get('video')
    if old is not None:
        changed = changed_parts(old, stamp)
        if present and len(present) == read_json(folder / NOTE).get('count'):
            if not changed:
                return present
            if changed == ['frames'] and old == {**stamp, **make_stamp(frames=_ALL)} and (
                    indices[-1] < len(present)):
                return [present[index] for index in indices]
        reason = ' and '.join(changed) if changed else 'their number'
        print_log(f'the frames in {folder} are extracted again, since {reason} changed')
        _check_own(folder, video_file)
        present = []
    elif not present:
        _check_own(folder, video_file)
    video = open_video(video_file)
    everything = range(len(video))
    indices = everything if indices is None else indices
    if indices[-1] >= len(video):
        raise S2DInputError(f'{video_file}: frame {indices[-1]} is annotated, but only '
                            f'{len(video)} frames decode; get the video again')
    if present and len(present) == len(everything):
        return [present[index] for index in indices]
    if present:
        raise S2DInputError(f'{folder} holds {len(present)} frames, expected the {len(indices)} '
                            f'wanted or all {len(everything)} of {video_file}; move it away')
    frames = LazyFrames(lambda index: video[indices[index]], 0, len(indices))
    names = write_frames(frames, folder, max_short_side or min(video.size), stamp=stamp)
    return [folder / name for name in names]


def _check_own(folder: Path, video_file: Path) -> None:
    """Check that a folder that will be replaced holds nothing but what was extracted before.

    Raises:
        S2DInputError: Names what else it holds.
    """
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_read(folder, error) from error
    others = sorted(name for name in names if name not in _OURS and not _EXTRACTED.fullmatch(name))
    if others:
        raise S2DInputError(f'the frames of {video_file} would replace {folder}, which holds '
                            f'{others[0]}; move it away')
