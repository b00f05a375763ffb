"""Reading configs: clear errors, and paths that do not depend on where a tool is started.

A config is a Python program: whoever reads one runs it. What it raises is one line.
"""

import ast
import contextlib
import os
import sys
import traceback
from pathlib import Path

from mmengine.config import Config

from ..arguments import check_path
from ..errors import S2DInputError, one_line, shortened
from .config_faults import config_errors  # noqa: F401  part of reading a config
from .config_options import apply_options
from .json_files import check_is_file


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a Python config with its bases; what it prints goes to standard error.

    Args:
        path: Config file.
        options: Overrides with dotted keys.

    Raises:
        S2DInputError: If the file is missing, is no Python config or ends with whatever error, or
            an override does not fit; with the line of the config where Python knows it.
    """
    check_path('load_config', path=path)
    path = Path(path)
    _check_file(path)
    _check_bases(path, [])
    try:
        with contextlib.redirect_stdout(sys.stderr):
            config = Config.fromfile(str(path))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: B036  a config may end in any way, also with exit()
        raise S2DInputError(f'config {path} cannot be read ({_what_happened(error, path)}); '
                            'correct it') from error
    if options:
        apply_options(config, options, path)
    return config


def _check_file(path: Path) -> None:
    if path.suffix != '.py':
        raise S2DInputError(f'expected a .py config, found {path}; no other kind is read, for a '
                            '.yaml file can run code that nobody sees in it; write it as .py')
    try:
        check_is_file(path.expanduser())
    except S2DInputError as error:
        if not os.path.lexists(path.expanduser()):
            raise S2DInputError(f'config {path} does not exist; give the path of a .py config '
                                'file') from error
        raise S2DInputError(f'config: {error}') from error


def _check_bases(path: Path, above: list[Path]) -> None:
    """Check the bases that a config names in plain words, before anything runs.

    Raises:
        S2DInputError: If one is missing, is no Python config, or leads back to where it came from.
    """
    try:
        tree = ast.parse(path.expanduser().read_text(encoding='utf-8'))
        named = next(node for node in tree.body if isinstance(node, ast.Assign)
                     and getattr(node.targets[0], 'id', '') == '_base_')
        bases = ast.literal_eval(named.value)
    except Exception:  # noqa: BLE001  no bases, or none in plain words: reading tells what is wrong
        return
    above = [*above, path.expanduser().resolve()]
    for base in bases if isinstance(bases, list | tuple) else [bases]:
        place = f'config {path}, line {named.lineno}: its _base_ {base!r}'
        if not isinstance(base, str):
            raise S2DInputError(f'{place} is no path; correct it')
        if '::' in base or '{' in base:  # of a package, or a template
            continue
        target = path.expanduser().parent / base
        if target.resolve() in above:
            raise S2DInputError(f'{place} leads back to itself; leave it out')
        try:
            _check_file(target)
        except S2DInputError as error:
            raise S2DInputError(f'{place}: {error}') from error
        _check_bases(target, above)


def _what_happened(error: BaseException, path: Path) -> str:
    """Say in one line what ended a config, and where."""
    file, line = path, None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get('__name__') == 'mmengine.config.config':
            read = frame.f_locals.get('filename')
            if isinstance(read, str) and frame.f_code.co_name in ('_file2dict',
                                                                  '_parse_lazy_import'):
                file, line = Path(read), None
        elif frame.f_code.co_filename == str(file):
            line = number
    if isinstance(error, SyntaxError) and error.lineno:
        line = error.lineno
    places = [f'line {line}'] if line else []
    if file.resolve() != path.expanduser().resolve() and file.exists():
        places.append(f'of its base {file}' if places else f'in its base {file}')
    if isinstance(error, SystemExit):
        reason = f'it ends the program with exit({error.code!r})'
    elif isinstance(error, RecursionError):
        reason = 'RecursionError: it is nested too deeply, or calls or names itself without end'
    else:
        # mmengine lists the whole search path after a failed import
        text = error.msg if isinstance(error, SyntaxError) else error
        reason = one_line(text).partition(', the current sys.path is')[0]
        reason = f'{type(error).__name__}: {reason}' if reason else type(error).__name__
    return shortened(f'{" ".join(places)}, {reason}' if places else reason)


def find_beside(path: str | Path, config_file: str | Path) -> Path:
    """Find a file that a config names: beside the config, or in a folder above it.

    A path like ``configs/final/final_small.py`` is thus found from any working directory.

    Raises:
        S2DInputError: If there is no such file.
    """
    check_path(config_file, path=path)
    path = Path(path)
    if path.is_absolute():
        candidates = [path]
    else:
        candidates = [folder / path for folder in Path(config_file).resolve().parents]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise S2DInputError(f'{config_file} names {path}, which is neither beside it nor in a folder '
                        'above it; correct the path')


def type_name(kind: str | type) -> str:
    """Return the plain name of a config's ``type``, written with a scope, a path or as a class."""
    return kind.__name__ if isinstance(kind, type) else str(kind).rpartition('.')[2]
