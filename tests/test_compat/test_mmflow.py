"""mmflow is optional, and imports past its version gate where it is installed."""

import subprocess
import sys


def test_mmflow_is_optional_and_imports_past_its_gate():
    code = '''
import importlib, importlib.util, pkgutil, sys
sys.modules['mmflow'] = None  # an import of it would fail
import s2d_plugins
from s2d_plugins import compat
refused = []
for module in pkgutil.walk_packages(s2d_plugins.__path__, 's2d_plugins.'):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        assert compat.MMFLOW_COMMAND in str(error), module.name
        refused.append(module.name)
# training data for mmflow's networks: named in their configs, imported by nothing else
assert refused == ['s2d_plugins.motion.warped_frames'], refused
import mmcv, mmdet.models
try:
    compat.import_mmflow()
except ImportError as error:
    assert compat.MMFLOW_COMMAND in str(error)
else:
    raise AssertionError('mmflow was blocked')
del sys.modules['mmflow']
if importlib.util.find_spec('mmflow'):
    version = mmcv.__version__
    mmflow = compat.import_mmflow()
    assert compat.import_mmflow() is mmflow and mmflow.__version__
    assert mmcv.__version__ == version
'''
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 0, result.stderr
