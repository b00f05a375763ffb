"""Frames on disk: found, checked, or extracted from a video file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import S2DInputError
from ..video import Video, extract_frames, open_video
from ..video.folder import list_images


class SampledVideo(Video):
    """Some frames of a video, as a video.

    Args:
        video: Where they come from.
        indices: Their numbers in it, from 0.
    """

    def __init__(self, video: Video, indices: Sequence[int]):
        super().__init__(video.path, video.name, video.size, video.fps)
        self._video, self._indices = video, indices

    def __len__(self) -> int:
        return len(self._indices)

    def _read(self, index: int) -> np.ndarray:
        return self._video[self._indices[index]]


def read_list(path: str | Path) -> list[str]:
    """Read the non-empty lines of a text file.

    Raises:
        S2DInputError: If it cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding='utf-8').splitlines()
    except (OSError, ValueError) as error:
        raise S2DInputError(f'cannot read {path}: {error}') from error
    return [line.strip() for line in lines if line.strip()]


def list_folders(path: str | Path) -> list[str]:
    """List the names of a folder's visible folders.

    Raises:
        S2DInputError: If there are none.
    """
    try:
        names = sorted(entry.name for entry in Path(path).iterdir()
                       if entry.is_dir() and not entry.name.startswith('.'))
    except OSError as error:
        raise S2DInputError(f'cannot list {path}: {error.strerror}; give the folder that the '
                            'dataset was unpacked to') from error
    if not names:
        raise S2DInputError(f'expected a folder per video in {path}, found none')
    return names


def list_frames(folder: str | Path, video: str) -> list[Path]:
    """List a video's frames.

    Raises:
        S2DInputError: If there are none.
    """
    folder = Path(folder)
    frames = list_images(folder) if folder.is_dir() else []
    if not frames:
        raise S2DInputError(f'video {video}: expected frames in {folder}, found none; get the '
                            'frames of the dataset')
    return frames


def image_size(path: str | Path) -> tuple[int, int]:
    """Return an image's (height, width) without decoding it.

    Raises:
        S2DInputError: If it is missing or not an image.
    """
    try:
        with Image.open(path) as image:
            return image.size[::-1]
    except (OSError, ValueError, SyntaxError) as error:
        raise S2DInputError(f'cannot read frame {path}: {error}; get it again') from error


def check_frames(root: Path, video: str, file_names: Sequence[str], size: tuple[int, int]) -> None:
    """Check that all frames exist and that the first is of the size that the dataset states.

    Raises:
        S2DInputError: Names the video and the first bad frame.
    """
    for frame, name in enumerate(file_names):
        if not (root / name).is_file():
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
    present = list_images(folder) if folder.is_dir() else []
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
    names = extract_frames(SampledVideo(video, indices), 0, len(indices), folder,
                           max_short_side or min(video.size))
    return [folder / name for name in names]
