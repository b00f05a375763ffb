"""Reading JSON: one line that names the file and the place of what is wrong."""

import contextlib
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..errors import S2DInputError
from .json_kinds import NAMES, guess_kind
from .plain_files import check_is_file


def read_json(path: str | Path, kind: Any = None) -> Any:
    """Read a JSON file.

    Args:
        path: The file.
        kind: What it must hold, see :mod:`.json_kinds`; None takes anything.

    Raises:
        S2DInputError: If the file is missing, is not JSON, or holds something else.
    """
    path = Path(path)
    check_is_file(path)
    try:
        with _no_garbage_collection():
            content = json.loads(path.read_text(encoding='utf-8'))
            if kind is not None:
                check_content(content, kind, path)
    except OSError as error:
        raise S2DInputError(f'cannot read {path}: {error.strerror or error}') from error
    except RecursionError as error:
        raise S2DInputError(f'{path} is nested too deeply; get the file again') from error
    except S2DInputError:
        raise
    except ValueError as error:
        raise S2DInputError(f'{path} is not valid JSON ({error}); make it again') from error
    return content


def check_content(content: Any, kind: Any, where: str | Path) -> None:
    """Check the shape of what a JSON file held.

    Args:
        content: What was read.
        kind: A type of :mod:`.json_kinds`; keys that it does not name are allowed.
        where: The file, for the message.

    Raises:
        S2DInputError: Names the first place, such as ``videos[0].height``, that is not as the
            kind says.
    """
    try:
        with _no_garbage_collection():
            _convert(content, kind)
    except msgspec.ValidationError as error:
        expected, found = NAMES.get(kind, 'as expected'), guess_kind(content)
        if found not in (None, expected):
            raise S2DInputError(f'{where} is {found}, expected {expected}; give the right '
                                'file') from error
        reason, _, place = str(error).replace('`', '').partition(' - at ')
        place = place.removeprefix('$').removeprefix('.') or 'its outermost value'
        raise S2DInputError(f'{where} is not {expected}: at {place}: {reason[0].lower()}'
                            f'{reason[1:]}; correct the file or make it again') from error
    except RecursionError as error:
        raise S2DInputError(f'{where} is nested too deeply; get the file again') from error


def _convert(content: Any, kind: Any) -> None:
    try:
        msgspec.convert(content, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        msgspec.convert(_plain(content), kind)


def _plain(content: Any) -> Any:
    """Copy what msgspec is too strict about: numbers of NumPy, and names that are not UTF-8."""
    if isinstance(content, np.generic):
        return content.item()
    if isinstance(content, str):
        return content.encode(errors='replace').decode()
    if isinstance(content, dict):
        return {_plain(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return content


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector from going through millions of new objects, none of which is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
