"""What went wrong, in one line; the whole story of what nobody foresaw is in the log."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import OutputError, S2DInputError, one_line
from .console import Console

_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def stops_all(error: BaseException) -> bool:
    """Say whether an error would meet every other video too: the disk takes nothing more."""
    causes = (error, error.__cause__)
    return (isinstance(error, OutputError)
            or any(isinstance(cause, OSError) and cause.errno in _FULL_DISK for cause in causes))


def describe(error: Exception, console: Console) -> str:
    """Return the one line for an error; of an unforeseen one the traceback goes to the log."""
    if isinstance(error, S2DInputError):
        return one_line(error)
    console.log_error(error)
    if isinstance(error, OSError) and error.errno in _FULL_DISK:
        return f'{one_line(error)}; free space and run the same command again'
    if isinstance(error, MemoryError):
        message = one_line(error)
        detail = '' if message == type(error).__name__ else f' ({message})'
        return f'out of memory{detail}; the whole story is in {console.log_file}'
    return (f'unexpected {type(error).__name__}: {one_line(error)}; the whole story is in '
            f'{console.log_file}')


@contextmanager
def one_line_errors(console: Console) -> Iterator[None]:
    """Let every error leave as one line that is in the log too.

    Raises:
        S2DInputError: For any error; its cause is the one that nobody foresaw.
    """
    try:
        yield
    except S2DInputError as error:
        console.log(f'error: {one_line(error)}')
        raise
    except Exception as error:
        line = describe(error, console)
        console.log(f'error: {line}')
        raise S2DInputError(line) from error
