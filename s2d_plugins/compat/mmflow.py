"""mmflow asserts ``mmcv < 2.1`` at import, though it runs with later ones: the gate is passed."""

import contextlib
import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator

from .mmcv_ops import ensure_mmcv_ops

MMFLOW_COMMAND = 'pip install mmflow==1.0.0rc0'


def import_mmflow() -> types.ModuleType:
    """Import mmflow past its gate; ``mmcv.__version__`` is as before afterwards.

    Raises:
        ImportError: If mmflow is not installed, with the command that installs it.
    """
    ensure_mmcv_ops()
    if sys.modules.get('mmflow') is None and importlib.util.find_spec('mmflow') is None:
        raise ImportError(f'mmflow is not installed; run `{MMFLOW_COMMAND}`')
    with _mmcv_version('2.0.1'):
        return importlib.import_module('mmflow')


@contextlib.contextmanager
def _mmcv_version(version: str) -> Iterator[None]:
    import mmcv
    original = mmcv.__version__
    mmcv.__version__ = version
    try:
        yield
    finally:
        mmcv.__version__ = original
