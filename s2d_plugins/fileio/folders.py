"""What a folder holds: hidden entries left out, and in one order, the natural one."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import S2DInputError
from .plain_files import cannot_read, check_no_other_kind

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')
MASK_SUFFIXES = ('.png',)
#: What systems and archives put beside the user's files, apart from names with a dot in front.
_FOREIGN = {'__macosx', '@eadir', '$recycle.bin', 'system volume information', 'lost+found'}


def is_hidden(name: str) -> bool:
    """Say whether a file or folder of this name is none of the user's.

    That is ``.ipynb_checkpoints``, ``._00000.png``, ``__MACOSX`` and the like.
    """
    return name.startswith('.') or name.lower() in _FOREIGN


def natural_key(path: Path) -> tuple:
    """Sort key that puts ``frame2`` before ``frame10``."""
    parts = re.split(r'(\d+)', path.name.lower())
    return [int(part) if part.isdecimal() else part for part in parts], path.name


def list_images(folder: str | Path) -> list[Path]:
    """List a folder's frames: visible image files in natural order.

    Raises:
        S2DInputError: If the folder cannot be listed (one that is not there holds none), or one
            of them is no file, such as a dangling link.
    """
    return _list_files(folder, IMAGE_SUFFIXES)


def list_masks(folder: str | Path) -> list[Path]:
    """List a folder's mask images: visible PNGs in natural order; see :func:`list_images`."""
    return _list_files(folder, MASK_SUFFIXES)


def list_folders(folder: str | Path) -> list[Path]:
    """List a folder's visible folders, and links to folders, in natural order.

    Raises:
        S2DInputError: If the folder cannot be listed; one that is not there holds none.
    """
    return sorted(filter(os.path.isdir, list_entries(folder)), key=natural_key)


def list_entries(folder: str | Path) -> list[Path]:
    """List all that is visible in a folder, in no order; see :func:`list_folders`."""
    folder = Path(folder)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise cannot_read(folder, error) from error
    return [folder / name for name in names if not is_hidden(name)]


def by_stem(files: Iterable[Path]) -> dict[str, Path]:
    """Return files by their name without suffix, by which frames and masks find each other.

    Raises:
        S2DInputError: If a name occurs twice, such as ``0.jpg`` and ``0.png``.
    """
    found: dict[str, Path] = {}
    for file in files:
        other = found.setdefault(file.stem, file)
        if other is not file:
            raise S2DInputError(f'{file.parent} holds one frame twice: {other.name} and '
                                f'{file.name}; keep one kind of file')
    return found


def _list_files(folder: str | Path, suffixes: tuple[str, ...]) -> list[Path]:
    files = []
    for path in list_entries(folder):
        if path.suffix.lower() not in suffixes:
            continue
        if os.path.isfile(path):
            files.append(path)
        elif not os.path.isdir(path):
            check_no_other_kind(path)
    return sorted(files, key=natural_key)
