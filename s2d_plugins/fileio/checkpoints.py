"""Checkpoints are data: they are read without running any code that a file may carry.

mmengine 0.10 tries a safe read first and then falls back to one that executes what the file says,
and its list of allowed names holds ``getattr``. Here the list is closed: tensors, numbers, numpy
arrays and mmengine's history of logged values, which is what its checkpoints hold.
"""

import contextlib
import functools
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from ..arguments import check_path
from ..errors import S2DInputError, one_line, shortened
from .checkpoint_checks import check_claims, check_content
from .plain_files import check_is_file
from .whole_files import write_text

_NUMPY_CORE = np._core if hasattr(np, '_core') else np.core
_DTYPE_CODES = '?bhilqBHILQefd'
_NUMBERED = re.compile(r'(?P<kind>iter|epoch)_(?P<number>\d+)\.pth')


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
        S2DInputError: If the file is missing, damaged, claims more than it has, or holds more than
            data, or if a weight is NaN or infinite.
    """
    allow_mmengine_types()
    check_path('load_checkpoint', path=path)
    path = Path(path).expanduser()
    if not os.path.lexists(path):
        raise S2DInputError(f'cannot find the checkpoint {path}; give the path of a .pth file')
    check_is_file(path, 'the checkpoint')
    with _one_line_errors(str(path)), warnings.catch_warnings():
        warnings.simplefilter('ignore')  # advice on other ways to read it
        check_claims(path)
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
        check_content(checkpoint, path)
    return checkpoint


def newest_checkpoint(folder: str | Path) -> Path | None:
    """Return the newest checkpoint of a training that can be read; None if there is none.

    Those with the most iterations or epochs in their name come first, and at last, for names of
    another form, what ``last_checkpoint`` says. One cut off by a kill or taken away is passed
    over.

    Args:
        folder: Where mmengine's ``CheckpointHook`` wrote.
    """
    for path in _newest_first(Path(folder)):
        with contextlib.suppress(S2DInputError):
            load_checkpoint(path)
            return path
    return None


def name_last_checkpoint(checkpoint: Path) -> None:
    """Let ``last_checkpoint`` beside a checkpoint name it, as mmengine does when it writes one.

    mmengine writes that file in place: a kill can leave it empty.
    """
    name, path = str(checkpoint.absolute()), checkpoint.with_name('last_checkpoint')
    with contextlib.suppress(OSError, ValueError):
        if path.read_text(encoding='utf-8') == name:
            return
    write_text(path, name)


def _newest_first(folder: Path) -> list[Path]:
    by_kind: dict[str, list[tuple[int, Path]]] = {}
    try:
        for path in folder.iterdir():
            name = _NUMBERED.fullmatch(path.name)
            if name is not None and path.is_file():
                by_kind.setdefault(name['kind'], []).append((int(name['number']), path))
        # a folder that has both kinds: the training that wrote last
        kinds = sorted(by_kind.values(), reverse=True,
                       key=lambda found: max(path.stat().st_mtime for _, path in found))
    except OSError:
        return []
    paths = [path for found in kinds for _, path in sorted(found, reverse=True)]
    with contextlib.suppress(OSError, ValueError):
        named = Path((folder / 'last_checkpoint').read_text(encoding='utf-8').strip()).name
        if named and folder / named not in paths:
            paths.append(folder / named)
    return paths


@contextlib.contextmanager
def _one_line_errors(name: str) -> Iterator[None]:
    """Turn torch's errors about a checkpoint into one line that names it."""
    try:
        yield
    except S2DInputError:
        raise
    except Exception as error:  # at damaged bytes torch raises nearly anything
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
    known = isinstance(error, RuntimeError | OSError | EOFError | zipfile.BadZipFile | MemoryError)
    if not known or isinstance(error, NotImplementedError) or 'weights_only' in str(error):
        return 'not a file that torch.save wrote'
    return shortened(one_line(str(error).partition('\n')[0] or type(error).__name__), 120)
