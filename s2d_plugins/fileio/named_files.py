"""Files that settings name: what a result was made from besides the settings themselves."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .weights_cache import PACKAGE_PREFIX, usable_file
from .weights_list import WEIGHTS


def named_paths(settings: Any, key: str = '') -> list[Path]:
    """Return the files and folders that plain settings name and that exist, at any depth.

    Published weights, ``s2d://NAME``, are a file too.
    """
    if isinstance(settings, dict):
        return [path for name, value in settings.items() for path in named_paths(value, str(name))]
    if isinstance(settings, (list, tuple)):
        return [path for value in settings for path in named_paths(value, key)]
    if isinstance(settings, str) and settings.startswith(PACKAGE_PREFIX):
        entry = WEIGHTS.get(settings.removeprefix(PACKAGE_PREFIX))
        return named_paths(usable_file(entry)) if entry else []
    looks_like_path = isinstance(settings, str) and (
        'path' in key or os.sep in settings or Path(settings).suffix != '')
    if isinstance(settings, Path) or looks_like_path:
        with contextlib.suppress(OSError, ValueError):
            if os.path.exists(settings):
                return [Path(settings)]
    return []


def file_stamps(paths: Iterable[Path]) -> list[list]:
    """Return path, size and time of change of the files that exist."""
    stamps = []
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            stamps.append([str(path), status.st_size, status.st_mtime_ns])
    return stamps


def read_for_all(settings: Any) -> list[list]:
    """Return the stamps of the files that settings name, which are read for every video."""
    return file_stamps(path for path in named_paths(settings) if path.is_file())


def read_for_one(settings: Any, name: str) -> list[list]:
    """Return the stamps of one video's own files, ``<name>.json``, in folders that settings name.

    Args:
        settings: Plain settings.
        name: The video's name.
    """
    return file_stamps(path / f'{name}.json' for path in named_paths(settings) if path.is_dir())
