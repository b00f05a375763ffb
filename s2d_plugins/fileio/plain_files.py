"""Plain files opened for reading; whatever else a path may be could block for ever."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ..errors import S2DInputError

_KINDS = ((stat.S_ISDIR, 'a folder'), (stat.S_ISFIFO, 'a pipe'), (stat.S_ISSOCK, 'a socket'),
          (stat.S_ISCHR, 'a device'), (stat.S_ISBLK, 'a device'))
_FLAGS = os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0)
_HEAD = 512
#: Longer paths are cut in messages.
_SHOWN = 300


def open_file(path: str | Path, what: str = '') -> BinaryIO:
    """Open a plain file for reading.

    Args:
        path: The file.
        what: What it is to the user, such as ``'mask'``, for messages.

    Raises:
        S2DInputError: If it is no file (a folder, pipe, device, dangling or looping link), is not
            there or may not be read.
    """
    check_no_other_kind(path, what)
    try:
        file = os.fdopen(os.open(path, _FLAGS), 'rb')
    except OSError as error:
        raise cannot_read(path, error, what) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # changed in between
        file.close()
        check_no_other_kind(path, what)
    return file


def read_text(path: str | Path, what: str = '') -> str:
    """Read a plain file that holds UTF-8; see :func:`open_file`."""
    with open_file(path, what) as file:
        try:
            return file.read().decode('utf-8')
        except UnicodeDecodeError as error:
            raise S2DInputError(f'{_cannot_read(path, what)}: it is not text in UTF-8 ({error}); '
                                'give another file') from error


def check_is_file(path: str | Path, what: str = '') -> None:
    """Check that a path is a plain file that may be read; see :func:`open_file`."""
    open_file(path, what).close()


def check_no_other_kind(path: str | Path, what: str = '') -> None:
    """Check that a path stands for a file, without opening it; see :func:`open_file`."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise cannot_read(path, error, what) from error
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), None)
    if kind is not None:
        raise S2DInputError(f'{_cannot_read(path, what)}: it is {kind}, expected a file; check '
                            'the path')


def cannot_read(path: str | Path, error: Exception, what: str = '') -> S2DInputError:
    """Return the one line for a path that cannot be opened or listed."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        reason = 'it is a dangling link' if os.path.islink(path) else 'no such file or folder'
    else:
        reason = getattr(error, 'strerror', None) or str(error)
    return S2DInputError(f'{_cannot_read(path, what)}: {reason}; check path and permissions')


def _cannot_read(path: str | Path, what: str) -> str:
    text = str(path)
    return f'cannot read {what}{" " * bool(what)}{text[:_SHOWN]}{"..." * (len(text) > _SHOWN)}'


def is_text(path: str | Path) -> bool:
    """Say whether a file begins as text: no byte that text never has. An empty one does not."""
    with open_file(path) as file:
        head = file.read(_HEAD)
    return bool(head) and not any(byte < 9 or 13 < byte < 32 and byte != 27 for byte in head)
