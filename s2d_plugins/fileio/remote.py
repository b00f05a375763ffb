"""Files in object storage and elsewhere that a URL names, through fsspec.

Parts of S2D work on local files. What lies elsewhere is fetched to a temporary folder, a video at a
time, and results are sent back when they are complete.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from ..errors import S2DInputError, S2DOutputError, one_line
from .folders import IMAGE_SUFFIXES, natural_key


def base_name(url: str) -> str:
    """Return the last part of a URL's path."""
    return PurePosixPath(url.rstrip('/')).name


@contextmanager
def _told(url: str, writing: bool = False) -> Iterator[None]:
    """Turn what a storage raises into one line.

    Raises:
        S2DInputError: If it cannot be read, or is not known.
        S2DOutputError: If it cannot be written.
    """
    try:
        yield
    except (S2DInputError, KeyboardInterrupt):
        raise
    except FileNotFoundError as error:
        raise S2DInputError(f'{url} does not exist; correct the address') from error
    except ImportError as error:
        raise S2DInputError(f'{url} needs a package ({one_line(error)}); install it, for example '
                            'with `pip install s3fs`') from error
    except Exception as error:  # a storage raises what its library raises
        verb, kind = ('write', S2DOutputError) if writing else ('read', S2DInputError)
        raise kind(f'cannot {verb} {url}: {one_line(error) or type(error).__name__}; check the '
                   'address and your credentials') from error


def open_place(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and the path there.

    Raises:
        S2DInputError: If nothing is known that reads it.
    """
    with _told(url):
        return fsspec.core.url_to_fs(url)


def list_place(url: str) -> list[dict]:
    """List what lies in a folder, in natural order: ``name``, ``type``, ``size`` and ``url``.

    Hidden files are left out.

    Raises:
        S2DInputError: If it is not there.
    """
    system, path = open_place(url)
    with _told(url):
        found = system.ls(path, detail=True)
    entries = [dict(one, url=system.unstrip_protocol(one['name'])) for one in found
               if not base_name(one['name']).startswith('.')
               and one['name'].rstrip('/') != path.rstrip('/')]
    return sorted(entries, key=lambda one: natural_key(Path(one['name'])))


def fetch(url: str, folder: Path) -> Path:
    """Copy a file, or the images of a folder, into a local folder, with their names and times.

    Returns:
        The copy.

    Raises:
        S2DInputError: If it is not there.
    """
    system, path = open_place(url)
    target = folder / base_name(path)
    with _told(url):
        if system.isdir(path):
            target.mkdir(parents=True)
            for entry in list_place(url):
                if Path(entry['name']).suffix.lower() in IMAGE_SUFFIXES:
                    _fetch_file(system, entry['name'], target / base_name(entry['name']))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            _fetch_file(system, path, target)
    return target


def _fetch_file(system: Any, path: str, target: Path) -> None:
    system.get_file(path, str(target))
    try:
        changed = system.modified(path).timestamp()
    except (NotImplementedError, KeyError, AttributeError):
        changed = 0.0  # not the time of the copy, which is another one each time
    os.utime(target, (changed, changed))


class RemoteFolder:
    """A folder that a URL names, to which results are sent.

    Args:
        url: Its URL; it need not be there yet.

    Raises:
        S2DInputError: If nothing is known that reads it.
    """

    def __init__(self, url: str):
        self.url = url.rstrip('/')
        open_place(self.url)

    def __str__(self) -> str:
        return self.url

    def names(self, folder: str = '') -> set[str]:
        """Return the names of what lies in it, or in a folder of it; empty if there is none."""
        system, path = open_place(f'{self.url}/{folder}' if folder else self.url)
        with _told(self.url):
            try:
                return {base_name(name) for name in system.ls(path, detail=False)}
            except FileNotFoundError:
                return set()

    def send(self, source: Path, name: str) -> None:
        """Send a file, or a folder with all that is in it; a file is there whole or not at all.

        Raises:
            S2DOutputError: If it cannot be written.
        """
        for path in sorted(source.rglob('*')) if source.is_dir() else [source]:
            if path.is_file():
                inner = f'{name}/{path.relative_to(source).as_posix()}' if source.is_dir() else name
                self._send_file(path, inner)

    def _send_file(self, source: Path, name: str) -> None:
        system, path = open_place(f'{self.url}/{name}')
        with _told(f'{self.url}/{name}', writing=True):
            system.makedirs(path.rpartition('/')[0], exist_ok=True)
            # object storage shows a file when it is complete; others get it by another name first
            partial = f'{path}.{os.getpid()}.partial'
            system.put_file(str(source), partial)
            system.mv(partial, path)

    def write(self, name: str, content: bytes) -> None:
        """Write a small file.

        Raises:
            S2DOutputError: If it cannot be written.
        """
        system, path = open_place(f'{self.url}/{name}')
        with _told(f'{self.url}/{name}', writing=True):
            system.makedirs(path.rpartition('/')[0], exist_ok=True)
            system.pipe_file(path, content)

    def remove(self, name: str) -> None:
        """Remove a file that may be there."""
        system, path = open_place(f'{self.url}/{name}')
        with _told(f'{self.url}/{name}', writing=True):
            if system.exists(path):
                system.rm_file(path)
