"""Noticing that a video is another one than before."""

from pathlib import Path

from ..fileio.digests import digest
from ..fileio.folders import list_images
from ..fileio.plain_files import cannot_read


def source_stamp(path: str | Path) -> str:
    """Return a hash of what is read of a video; another one means another video.

    That is the name, size and time of change of the file, or of each image in a folder; whatever
    else is in the folder does not count.

    Raises:
        S2DInputError: If the video is gone or may not be read.
    """
    path = Path(path)
    try:
        files = list_images(path) if path.is_dir() else [path]
        stats = [(file.name, file.stat()) for file in files]
    except (OSError, ValueError) as error:
        raise cannot_read(path, error, 'video') from error
    return digest([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
