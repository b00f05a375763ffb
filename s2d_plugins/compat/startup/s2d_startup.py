"""What an interpreter does at its start where S2D is installed; ``S2D_STARTUP=0`` switches it off.

mmdet's own tools import mmengine, mmcv and mmdet before any config can name S2D. pip puts this
file and ``s2d_startup.pth``, which imports it, into site-packages. It imports nothing and adds two
finders that wait for one module each.
"""

import os
import sys


class MmcvOpsFinder:
    """Finds S2D's stand-in for ``mmcv._ext``; the last to be asked, so a real one always wins."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return the stand-in's spec for ``mmcv._ext``, else None."""
        if name != 'mmcv._ext':
            return None
        try:
            from s2d_plugins.compat.mmcv_ops import stand_in_spec
        except ImportError:  # the folder of an editable install is gone
            return None
        return stand_in_spec()


class ConfigNameFinder:
    """Puts S2D on mmengine's table of packages with configs, once mmengine has loaded it."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Return the usual spec of ``mmengine.config.utils``, else None."""
        if name != 'mmengine.config.utils':
            return None
        sys.meta_path.remove(cls)
        from importlib.util import find_spec
        spec = find_spec(name)
        if spec is not None and hasattr(spec.loader, 'exec_module'):
            usual = spec.loader.exec_module

            def exec_module(module):
                usual(module)
                vars(module).get('MODULE2PACKAGE', {}).setdefault('s2d_plugins', 's2d_plugins')

            spec.loader.exec_module = exec_module
        return spec


if os.environ.get('S2D_STARTUP') != '0' and not any(
        getattr(finder, '__module__', None) == __name__ for finder in sys.meta_path):
    sys.meta_path.insert(0, ConfigNameFinder)
    sys.meta_path.append(MmcvOpsFinder)
