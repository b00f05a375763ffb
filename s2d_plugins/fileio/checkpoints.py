"""Checkpoints are data: they are read without running any code that a file may carry.

mmengine 0.10 tries a safe read first and then falls back to one that executes what the file says,
and its list of allowed names holds ``getattr``. Here the list is closed: tensors, numbers, numpy
arrays and mmengine's history of logged values, which is what its checkpoints hold.
"""

import contextlib
import functools
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

from ..errors import S2DInputError

_NUMPY_CORE = np._core if hasattr(np, '_core') else np.core
_DTYPE_CODES = '?bhilqBHILQefd'


def _named(function: Callable, module: str, name: str) -> Callable:
    """Wrap a function so that torch's safe reader takes it for ``module.name``."""
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)
    wrapper.__module__, wrapper.__name__, wrapper.__qualname__ = module, name, name
    return wrapper


def _history_method(owner: Any, name: str) -> Callable:
    """Stand in for ``getattr``, for the one use that a checkpoint has for it."""
    if owner is HistoryBuffer and name in HistoryBuffer._statistics_methods:
        return getattr(owner, name)
    raise pickle.UnpicklingError(f'getattr of {name!r} is not allowed')


@functools.cache
def allow_mmengine_types() -> None:
    """Let ``torch.load(weights_only=True)`` read what mmengine's checkpoints hold."""
    HistoryBuffer()  # fills the table of its statistics methods
    allowed = [HistoryBuffer, np.ndarray, np.dtype,
               _named(_history_method, 'builtins', 'getattr')]
    allowed += sorted({type(np.dtype(code)) for code in _DTYPE_CODES}, key=str)
    for module in ('numpy._core.multiarray', 'numpy.core.multiarray'):
        allowed += [_named(_NUMPY_CORE.multiarray._reconstruct, module, '_reconstruct'),
                    _named(_NUMPY_CORE.multiarray.scalar, module, 'scalar')]
    torch.serialization.add_safe_globals(allowed)


def load_checkpoint(path: str | Path, map_location: Any = 'cpu') -> dict:
    """Read a checkpoint file as data.

    Args:
        path: File written by mmengine, torch.save or one of the model converters.
        map_location: As in ``torch.load``.

    Raises:
        S2DInputError: If the file is missing, cut short, or holds more than data.
    """
    allow_mmengine_types()
    path = Path(path).expanduser()
    if not path.is_file():
        raise S2DInputError(f'cannot find the checkpoint {path}; give the path of a .pth file')
    with _one_line_errors(str(path)):
        return torch.load(path, map_location=map_location, weights_only=True)


def use_safe_checkpoints() -> None:
    """Make mmengine read local files and URLs through this module from now on."""
    CheckpointLoader.register_scheme('', loader=load_from_local, force=True)
    CheckpointLoader.register_scheme(('http://', 'https://'), loader=load_from_http, force=True)


def load_from_local(filename: str, map_location: Any = None) -> dict:
    return load_checkpoint(filename, map_location)


def load_from_http(filename: str, map_location: Any = None, model_dir: str | None = None,
                   progress: bool = False) -> dict:
    """Read a URL; the first worker downloads it, the others find it in the cache."""
    allow_mmengine_types()
    rank = get_dist_info()[0]
    if rank > 0:
        barrier()
    with _one_line_errors(filename):
        checkpoint = torch.hub.load_state_dict_from_url(
            filename, model_dir, map_location, progress=progress, weights_only=True)
    if rank == 0:
        barrier()
    return checkpoint


@contextlib.contextmanager
def _one_line_errors(name: str) -> Iterator[None]:
    """Turn torch's errors about a checkpoint into one line that names it."""
    try:
        yield
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, KeyError) as error:
        code = re.search(r'(?:GLOBAL|getattr of) (\S+)', str(error))
        if code:
            raise S2DInputError(
                f'{name} holds {code[1]}, which may run code when it is read; expected tensors '
                'and plain values only. If you trust it, save its state_dict alone with '
                'torch.save and use that file') from error
        raise S2DInputError(
            f'{name} is not a readable checkpoint ({_reason(error)}); it may be cut short: '
            'copy or download it again') from error


def _reason(error: Exception) -> str:
    """One line; torch's own advice to read the file unsafely is not passed on."""
    if isinstance(error, KeyError) or 'weights_only' in str(error):
        return 'not a file that torch.save wrote'
    return (str(error).strip() or type(error).__name__).splitlines()[0]
