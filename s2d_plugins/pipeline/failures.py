"""What went wrong, in one line; the whole story of what nobody foresaw is in the log."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import (
    S2DInputError,
    S2DOutputError,
    S2DUnexpectedError,
    full_disk,
    one_line,
    unexpected,
    was_interrupted,
)
from .console import Console


def stops_all(error: BaseException) -> bool:
    """Say whether an error is no video's: the disk takes nothing more, or it was Ctrl-C."""
    return isinstance(error, S2DOutputError) or was_interrupted(error) or (
        full_disk(error) is not None)


def describe(error: Exception, console: Console) -> str:
    """Return the one line for an error; of an unforeseen one the traceback goes to the log."""
    if isinstance(error, S2DInputError):
        return one_line(error)
    console.log_error(error)
    if full_disk(error):
        return f'{one_line(full_disk(error))}; free space and run the same command again'
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
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        line = describe(error, console)
        console.log(f'error: {line}')
        if isinstance(error, S2DInputError):
            raise
        raise (S2DOutputError if full_disk(error) else S2DUnexpectedError)(line) from error
