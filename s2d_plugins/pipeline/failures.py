"""What went wrong, in one line; the whole story of what nobody foresaw is in the log."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import S2DInputError, S2DOutputError, S2DUnexpectedError, one_line, unexpected
from .console import Console

_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def stops_all(error: BaseException) -> bool:
    """Say whether an error would meet every other video too: the disk takes nothing more."""
    return isinstance(error, S2DOutputError) or _is_full_disk(error) or _is_full_disk(
        error.__cause__)


def describe(error: Exception, console: Console) -> str:
    """Return the one line for an error; of an unforeseen one the traceback goes to the log."""
    if isinstance(error, S2DInputError):
        return one_line(error)
    console.log_error(error)
    if _is_full_disk(error):
        return f'{one_line(error)}; free space and run the same command again'
    reason = f'out of memory ({one_line(error)})' if isinstance(error, MemoryError) else (
        unexpected(error))
    return f'{reason}; the whole story is in {console.log_file}'


@contextmanager
def one_line_errors(console: Console) -> Iterator[None]:
    """Let every error leave as one line that is in the log too.

    Raises:
        S2DInputError: As it came, or for a full disk.
        S2DUnexpectedError: For what nobody foresaw; that is its cause.
    """
    try:
        yield
    except Exception as error:
        line = describe(error, console)
        console.log(f'error: {line}')
        if isinstance(error, S2DInputError):
            raise
        raise (S2DOutputError if _is_full_disk(error) else S2DUnexpectedError)(line) from error


def _is_full_disk(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in _FULL_DISK
