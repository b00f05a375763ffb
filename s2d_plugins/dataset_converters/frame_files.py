"""Frames on disk: found, checked, or extracted from a video file."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import S2DInputError
from ..fileio import folders
from ..fileio.folders import list_images
from ..fileio.images import image_size
from ..fileio.plain_files import open_file
from ..video import open_video
from ..video.extract import write_frames
from ..video.lazy_frames import LazyFrames


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

    A folder that already holds these frames, or all of the video's, is taken as it is and never
    overwritten.

    Args:
        video_file: The video.
        folder: Where its frames are or go.
        indices: Numbers of the frames wanted, ascending from 0; None: all.
        max_short_side: Larger frames are made smaller.

    Raises:
        S2DInputError: If the video does not decode or is too short, or the folder cannot be
            written.
    """
    present = list_images(folder)
    if indices is not None and len(present) == len(indices):
        return present
    video = open_video(video_file)
    everything = range(len(video))
    indices = everything if indices is None else indices
    if indices[-1] >= len(video):
        raise S2DInputError(f'{video_file}: frame {indices[-1]} is annotated, but only '
                            f'{len(video)} frames decode; get the video again')
    if len(present) == len(everything):
        return [present[index] for index in indices]
    if present:
        raise S2DInputError(f'{folder} holds {len(present)} frames, expected the {len(indices)} '
                            f'wanted or all {len(everything)} of {video_file}; move it away')
    frames = LazyFrames(lambda index: video[indices[index]], 0, len(indices))
    names = write_frames(frames, folder, max_short_side or min(video.size))
    return [folder / name for name in names]
