"""Files and folders that are whole or not there.

All is written beside its target under a hidden name that nobody can guess, and then renamed. The
name says which process made it: the next run removes what a killed process has left, and leaves
alone what another one is writing.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import S2DOutputError

_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_OURS = re.compile(r'\.s2d-(?P<host>[0-9a-f]{8})-(?P<pid>\d{1,10})-[0-9a-f]{16}\.'
                   r'(partial(\.\w+)?|replaced-(?P<target>.+))', re.DOTALL)
#: In bytes; longer ones do not fit into a hidden name (255) and do not come back.
_LONGEST_NAME = 160
_OTHER_HOST_SECONDS = 24 * 3600


def partial_path(target: Path, suffix: str = '') -> Path:
    """Return a temporary name beside a target: of this process, and of nothing that exists."""
    return _hidden_path(target, f'partial{suffix}')


def _hidden_path(target: Path, kind: str) -> Path:
    return target.with_name(f'.s2d-{_HOST}-{os.getpid()}-{secrets.token_hex(8)}.{kind}')


@contextlib.contextmanager
def whole_file(path: str | Path, suffix: str = '') -> Iterator[Path]:
    """Write a file whole or not at all.

    Args:
        path: Target; its folder is made. What is there stays until the new file is complete.
        suffix: Ending of the temporary name, for writers that go by it (``'.mp4'``).

    Yields:
        An empty file to write to; it takes the target's name if the body ends without an error.
        An ``OSError`` of the body that names another file passes as it is.

    Raises:
        S2DOutputError: If the folder cannot be written or the disk is full.
    """
    with scratch_file(path, suffix) as temporary:
        yield temporary
        os.replace(temporary, path)


@contextlib.contextmanager
def scratch_file(path: str | Path, suffix: str = '') -> Iterator[Path]:
    """Give an empty file beside a target, to gather a part of it in; it goes at the end.

    Args:
        path: The target; its folder is made.
        suffix: As in :func:`whole_file`.

    Yields:
        The file.

    Raises:
        S2DOutputError: If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = partial_path(path, suffix)
    try:
        with _writing(path, temporary):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            yield temporary
    finally:
        with contextlib.suppress(OSError):  # it has been renamed, or the disk is gone
            temporary.unlink()


@contextlib.contextmanager
def scratch_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder beside a target, to gather parts of it in; it goes at the end.

    Args:
        path: The target; its folder is made.

    Raises:
        S2DOutputError: If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = partial_path(path)
    try:
        with _writing(path, temporary):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Fill a folder wholly or not at all; one that exists is replaced at the end.

    No system call that Python has puts one folder in the place of another. The old one gets a
    hidden name in between, by which :func:`clean_partials` brings it back after a kill.

    Args:
        path: Target; its parents are made.

    Yields:
        An empty folder; it takes the target's name if the body ends without an error.

    Raises:
        S2DOutputError: If it cannot be written or the disk is full.
    """
    path = Path(path)
    back = f'replaced-{path.name}' if len(os.fsencode(path.name)) <= _LONGEST_NAME else 'partial'
    temporary, old = partial_path(path), _hidden_path(path, back)
    try:
        with _writing(path, temporary):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
            yield temporary
            if path.exists():
                os.utime(path)  # from its time on it is known whose the hidden name is
                path.rename(old)
            try:
                temporary.rename(path)
            except BaseException:
                if old.exists():
                    old.rename(path)
                raise
    finally:
        for folder in (temporary, old):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _writing(path: Path, temporary: Path) -> Iterator[None]:
    """Tell that the target cannot be written; an error about another file passes."""
    try:
        yield
    except OSError as error:
        names = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2)
                 if isinstance(name, str | bytes)]
        ours = (path, *path.parents, temporary)
        if names and not any(name in ours or temporary in name.parents for name in names):
            raise
        raise cannot_write(path, error) from error


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file whole or not at all; see :func:`whole_file`."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file (UTF-8) whole or not at all; see :func:`whole_file`."""
    write_bytes(path, text.encode('utf-8', 'surrogateescape'))


def write_json(path: str | Path, content) -> None:
    """Write JSON whole or not at all; see :func:`whole_file`."""
    write_text(path, json.dumps(content))


def cannot_write(path: str | Path, error: OSError) -> S2DOutputError:
    """Return the one line for a file or folder that cannot be written."""
    return S2DOutputError(f'cannot write {path}: {error.strerror or error}; free space or choose '
                          'another output folder')


def clean_partials(*folders: str | Path) -> None:
    """Remove what killed processes have left half-written directly in some folders.

    A folder that was about to be replaced comes back. Only names that this module makes are
    touched, no links, and nothing that a process still alive is writing. Of other machines, what
    is older than a day is removed.
    """
    for folder in folders:
        try:
            entries = [entry for entry in os.scandir(folder) if entry.name.startswith('.s2d-')]
        except OSError:  # not there yet, or not ours to read: the writer will say so
            continue
        for entry in entries:
            match = _OURS.fullmatch(entry.name)
            if match is not None and not entry.is_symlink() and _is_abandoned(entry, match):
                _clear(entry, match['target'])


def _clear(entry: os.DirEntry, target: str | None) -> None:
    with contextlib.suppress(OSError):
        place = None if target is None else Path(entry.path).with_name(target)
        if place is not None and not os.path.lexists(place):
            os.rename(entry.path, place)
        elif entry.is_dir():
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)


def _is_abandoned(entry: os.DirEntry, match: re.Match) -> bool:
    made = entry.stat(follow_symlinks=False).st_mtime
    if match['host'] != _HOST:
        return made < time.time() - _OTHER_HOST_SECONDS
    import psutil  # only needed where something was left
    try:
        started = psutil.Process(int(match['pid'])).create_time()
    except (psutil.Error, OverflowError):
        return True
    return started > made + 1  # the number went to another process, a second for the clock
