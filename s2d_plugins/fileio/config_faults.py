"""What mmengine, mmdet and torch say of a config that does not fit, as one line."""

import contextlib
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import (
    DISK_ERRORS,
    S2DInputError,
    S2DOutputError,
    full_disk,
    one_line,
    shortened,
    was_interrupted,
)

#: What carries a config's values to the classes they are for.
_CARRIERS = ('torch', 'numpy', 'builtins', 'collections', 'contextlib', 'functools', 'threading',
             'mmengine.registry', 'mmengine.config', 'mmengine.utils')


@contextlib.contextmanager
def config_errors(config_file: str | Path,
                  while_true: Callable[[], bool] = lambda: True, key: str = '') -> Iterator[None]:
    """Turn whatever building from a config raises into one line with the class at fault.

    That are types which are unknown and arguments that are missing, too many, of another type or
    out of range, in whatever words they are told. The error itself stays as the cause.

    Args:
        config_file: Named in the line.
        while_true: Says, when an error arises, whether the config is to blame for it; else it
            passes through.
        key: Which part of the config is built. Where it is given, errors that are an
            S2DInputError already get the place too, unless they name it.

    Raises:
        S2DInputError: If anything was raised but what the machine lacks (disk, memory,
            permission), which passes through, as does what is an S2DInputError already.
    """
    place = f'config {config_file}: {key}' if key else f'config {config_file}'
    try:
        yield
    except (S2DOutputError, MemoryError):
        raise
    except S2DInputError as error:
        if not key or one_line(error).startswith(place):
            raise
        raise S2DInputError(f'{place}: {one_line(error)}') from error
    except Exception as error:
        if not while_true() or full_disk(error) or (
                isinstance(error, OSError) and error.errno in DISK_ERRORS):
            raise
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        raise S2DInputError(f'{place}: {_told(error)}; correct it') from error


def _told(error: Exception) -> str:
    """Say which class was not content, and with what."""
    message = one_line(error).partition('. Please check')[0].partition(', but got {')[0]
    kind = type(error).__name__
    if isinstance(error, AssertionError) and message in ('', kind):
        message = traceback.extract_tb(error.__traceback__)[-1].line or ''
    if isinstance(error, KeyError) and ' ' not in message:
        message = f'it has no {message!r}'
    elif message in ('', kind):
        message = kind
    elif not isinstance(error, KeyError | TypeError | ValueError) or ' ' not in message:
        message = f'{kind}: {message}'
    # mmengine says which hook it was with the name of its object
    message, _, hook = message.partition(' in <')
    owner = hook.partition(' object at ')[0].rpartition('.')[2] or _at_fault(error)
    return shortened(message if owner is None or owner in message else f'{owner}: {message}')


def _at_fault(error: Exception) -> str | None:
    """Name the innermost class that an error went through, or the place in a worker's code."""
    text = str(error.args[0]) if error.args and isinstance(error.args[0], str) else ''
    if 'Original Traceback' in text:
        places = re.findall(r'File "([^"]+)", line (\d+), in', text)
        return f'{Path(places[-1][0]).name}, line {places[-1][1]}' if places else None
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        kind = frame.f_locals.get('obj_cls') if frame.f_code.co_name == 'build_from_cfg' else (
            type(frame.f_locals['self']) if 'self' in frame.f_locals else None)
        module = getattr(kind, '__module__', None)
        if isinstance(module, str) and not f'{module}.'.startswith(
                tuple(f'{carrier}.' for carrier in _CARRIERS)):
            found = getattr(kind, '__name__', type(kind).__name__)
    return found
