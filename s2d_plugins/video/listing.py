"""From what the user names to videos."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.folders import IMAGE_SUFFIXES, list_entries, list_images, natural_key
from ..fileio.paths import named_path, unique_names
from ..fileio.plain_files import cannot_read
from .base import Video, stem_of
from .file import FileVideo
from .folder import FolderVideo

VIDEO_SUFFIXES = ('.mp4', '.m4v', '.avi', '.mkv', '.mov', '.webm', '.mpg', '.mpeg', '.wmv', '.flv',
                  '.ts', '.mts', '.m2ts', '.3gp', '.ogv')
#: What a work dir holds beside the videos' folders.
RESERVED_NAMES = ('stages', 'run.log', 'report.html', 'stage_scores', 'stage_scores.json',
                  'stage_scores.md')


def open_video(path: str | Path, name: str | None = None) -> Video:
    """Open a video file or a folder of frames.

    Args:
        path: The file (see :data:`~.decoding.FORMATS`) or folder.
        name: Its name in outputs; by default the file's stem or the folder's name, made safe.

    Raises:
        S2DInputError: If it is missing, empty, truncated, not a video, or its frames differ in
            size.
    """
    path = Path(path)
    if os.path.isdir(path):
        return FolderVideo(path, name)
    if path.suffix.lower() in IMAGE_SUFFIXES and os.path.isfile(path):
        raise S2DInputError(f'expected a video, but {path} is a single image; give a video file '
                            'or the folder of frames')
    return FileVideo(path, name)


def list_videos(path: str | Path) -> list[Path]:
    """List the videos that a path stands for, in natural order.

    A file is one video, and so is a folder with images. Any other folder holds video files,
    folders of frames, or both; hidden and foreign files are ignored. What has the name of a video
    but cannot be read is listed: opening it says why.

    Raises:
        S2DInputError: If there is no video, or if a folder holds frames and videos side by side.
    """
    path = Path(path)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise S2DInputError(f'{path} does not exist; give a video file, a folder of frames or a '
                            'folder of videos') from error
    except (OSError, ValueError) as error:
        raise cannot_read(path, error) from error
    if not os.path.isdir(path):
        return [path]
    path = named_path(path)
    images, entries = list_images(path), list_entries(path)
    files = [entry for entry in entries if _is_video_file(entry)]
    if images and files:
        raise S2DInputError(f'{path} holds {len(images)} images and {len(files)} video files; put '
                            'the frames of a video into a folder of their own')
    if images:
        return [path]
    videos = files + [entry for entry in entries if os.path.isdir(entry) and _holds_images(entry)]
    if not videos:
        raise S2DInputError(f'found no video in {path}; expected video files, folders of frames '
                            f'or frames ({", ".join(IMAGE_SUFFIXES)})')
    return sorted(videos, key=natural_key)


def _is_video_file(path: Path) -> bool:
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return not os.path.isdir(path)
    return not path.suffix and path.is_symlink() and not os.path.exists(path)


def _holds_images(folder: Path) -> bool:
    try:
        return bool(list_images(folder))
    except S2DInputError:
        return True


def video_names(paths: Sequence[Path]) -> list[str]:
    """Give every video a safe name of its own that can be a folder's beside what a run makes.

    The name is the file's stem or the folder's name; where two would be equal (also on file
    systems that ignore case), the file's kind is added, then a number.
    """
    kinds = ['frames' if os.path.isdir(path) or not path.suffix else path.suffix[1:]
             for path in paths]
    return unique_names([stem_of(path) for path in paths], RESERVED_NAMES, kinds)
