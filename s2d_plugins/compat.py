"""The two adaptations that let mmdet and mmflow run without compiled mmcv ops (design section 2).

With compiled ops present nothing is touched and they are used.
"""

import contextlib
import importlib
import importlib.machinery
import importlib.util
import sys
import types

STAND_IN_MARK = '__s2d_stand_in__'
COMPILED_OPS_HELP = (
    'install compiled ops, for example `MMCV_WITH_OPS=1 pip install --no-binary onedl-mmcv '
    '--no-build-isolation onedl-mmcv==2.3.6` (needs a C++ compiler and about half an hour)')


def has_compiled_ops() -> bool:
    """Whether mmcv's own compiled extension can be imported (the stand-in does not count)."""
    module = sys.modules.get('mmcv._ext')
    if module is not None:
        return not hasattr(module, STAND_IN_MARK)
    return importlib.util.find_spec('mmcv._ext') is not None


def ensure_mmcv_ops() -> None:
    """Make ``mmcv.ops`` importable: put a stand-in for ``mmcv._ext`` where the real one is missing.

    Functions that exist elsewhere are mapped; every other name raises when it is called.
    Multi-scale deformable attention is sent to mmcv's PyTorch path on every device.
    """
    if 'mmcv._ext' in sys.modules or has_compiled_ops():
        return
    sys.modules['mmcv._ext'] = _make_stand_in()
    attention = importlib.import_module('mmcv.ops.multi_scale_deform_attn')
    attention.IS_CUDA_AVAILABLE = False


def _make_stand_in() -> types.ModuleType:
    module = types.ModuleType('mmcv._ext', 'Stand-in for compiled mmcv ops by s2d_plugins.compat.')

    module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', loader=None)

    def missing(name: str):
        if name.startswith('__'):
            raise AttributeError(name)

        def op(*args, **kwargs):
            raise RuntimeError(f'mmcv op {name!r} needs compiled ops, which this mmcv does not '
                               f'have; {COMPILED_OPS_HELP}')
        return op

    module.__getattr__ = missing
    setattr(module, STAND_IN_MARK, True)
    return module


@contextlib.contextmanager
def _mmcv_version(version: str):
    import mmcv
    original = mmcv.__version__
    mmcv.__version__ = version
    try:
        yield
    finally:
        mmcv.__version__ = original


def import_mmflow() -> types.ModuleType:
    """Import mmflow past its ``mmcv < 2.1`` gate; ``mmcv.__version__`` is as before afterwards.

    Raises:
        ImportError: If mmflow is not installed, with the command that installs it.
    """
    ensure_mmcv_ops()
    if 'mmflow' not in sys.modules and importlib.util.find_spec('mmflow') is None:
        raise ImportError('mmflow is not installed; run `pip install mmflow==1.0.0rc0`')
    with _mmcv_version('2.0.1'):
        return importlib.import_module('mmflow')
