"""From what the user names to videos."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import S2DInputError
from .base import Video
from .file import FileVideo
from .folder import IMAGE_SUFFIXES, FolderVideo, list_images, natural_key

VIDEO_SUFFIXES = ('.mp4', '.m4v', '.avi', '.mkv', '.mov', '.webm', '.mpg', '.mpeg', '.wmv', '.flv',
                  '.ts', '.mts', '.m2ts', '.3gp', '.ogv')
#: Names of output folders that are no video's.
RESERVED_NAMES = ('stages',)


def open_video(path: str | Path, name: str | None = None) -> Video:
    """Open a video file or a folder of frames.

    Args:
        path: The file (whatever FFmpeg decodes) or folder.
        name: Its name in outputs; by default the file's stem or the folder's name.

    Raises:
        S2DInputError: If it is missing, empty, truncated, not a video, or its frames differ in
            size.
    """
    path = Path(path)
    if path.is_dir():
        return FolderVideo(path, name)
    if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES:
        raise S2DInputError(f'expected a video, but {path} is a single image; give a video file '
                            'or the folder of frames')
    return FileVideo(path, name)


def list_videos(path: str | Path) -> list[Path]:
    """List the videos that a path stands for, in natural order.

    A file is one video, and so is a folder with images. Any other folder holds video files,
    folders of frames, or both; hidden and foreign files are ignored.

    Raises:
        S2DInputError: If there is no video, or if a folder holds frames and videos side by side.
    """
    path = Path(path)
    if not path.exists():
        raise S2DInputError(f'{path} does not exist; give a video file, a folder of frames or a '
                            'folder of videos')
    if not path.is_dir():
        return [path]
    try:
        images = list_images(path)
        entries = [entry for entry in path.iterdir() if not entry.name.startswith('.')]
        files = [entry for entry in entries
                 if entry.suffix.lower() in VIDEO_SUFFIXES and entry.is_file()]
        folders = [entry for entry in entries if entry.is_dir() and not images
                   and list_images(entry)]
    except OSError as error:
        raise S2DInputError(f'cannot list {error.filename}: {error.strerror}') from error
    if images and files:
        raise S2DInputError(f'{path} holds {len(images)} images and {len(files)} video files; put '
                            'the frames of a video into a folder of their own')
    if not images and not files and not folders:
        raise S2DInputError(f'found no video in {path}; expected video files, folders of frames '
                            f'or frames ({", ".join(IMAGE_SUFFIXES)})')
    return [path] if images else sorted(files + folders, key=natural_key)


def video_names(paths: Sequence[Path]) -> list[str]:
    """Give every video a name of its own that can be a folder's.

    The name is the file's stem or the folder's name; where two would be equal (also on file
    systems that ignore case), the file's kind is added, then a number.
    """
    taken = {name.lower() for name in RESERVED_NAMES}
    stems = [_stem(path) for path in paths]
    counts = [sum(other.lower() == stem.lower() for other in stems) for stem in stems]
    names = []
    for path, stem, count in zip(paths, stems, counts, strict=True):
        kind = path.suffix[1:] if path.is_file() and path.suffix else 'frames'
        name = base = stem if count == 1 and stem.lower() not in taken else f'{stem}_{kind}'
        number = 2
        while name.lower() in taken:
            name, number = f'{base}_{number}', number + 1
        taken.add(name.lower())
        names.append(name)
    return names


def _stem(path: Path) -> str:
    return path.resolve().name if path.is_dir() else path.stem
