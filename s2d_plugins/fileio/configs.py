"""Reading configs: clear errors, and paths that do not depend on where a tool is started."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from ..errors import S2DInputError, one_line

#: What mmengine and Python say when a config does not fit a class.
_CONFIG_MISTAKES = ('is not in the', 'unexpected keyword argument', 'required positional argument',
                    'required keyword-only argument', 'takes no arguments',
                    'all None or not None')


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a Python config with its bases.

    Args:
        path: Config file.
        options: Overrides with dotted keys.

    Raises:
        S2DInputError: If the file is missing, is not Python, or an override does not fit.
    """
    path = Path(path)
    if not path.is_file():
        raise S2DInputError(f'config {path} does not exist; give the path of a .py config file')
    if path.suffix != '.py':
        raise S2DInputError(f'expected a .py config, found {path}')
    try:
        config = Config.fromfile(str(path))
    except (SyntaxError, NameError, KeyError, TypeError, OSError, AttributeError,
            ImportError) as error:
        raise S2DInputError(f'config {path} cannot be read ({type(error).__name__}: '
                            f'{" ".join(str(error).split())}); correct it') from error
    if options:
        try:
            config.merge_from_dict(options)
        except (KeyError, TypeError, IndexError, AssertionError) as error:
            raise S2DInputError(f'--cfg-options do not fit {path}: '
                                f'{" ".join(str(error).split())}') from error
    return config


@contextlib.contextmanager
def config_errors(config_file: str | Path) -> Iterator[None]:
    """Turn what mmengine says of a config that does not fit a class into one line.

    Raises:
        S2DInputError: If a type is unknown, or an argument is missing or too many.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        known = any(text in str(error) for text in _CONFIG_MISTAKES)
        if isinstance(error, S2DInputError) or not known:
            raise
        reason = one_line(error).partition('. Please')[0].partition(', but got')[0]
        raise S2DInputError(f'config {config_file}: {reason}; correct it') from error


def find_beside(path: str | Path, config_file: str | Path) -> Path:
    """Find a file that a config names: beside the config, or in a folder above it.

    A path like ``configs/final/final_small.py`` is thus found from any working directory.

    Raises:
        S2DInputError: If there is no such file.
    """
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
