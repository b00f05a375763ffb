"""What lets S2D run beside the rest of OpenMMLab as it is installed.

* ``mmcv._ext`` missing: a stand-in takes its place (:mod:`.mmcv_ops`), so that ``mmdet.models``
  imports. With compiled ops present nothing is touched and they are used.
* mmflow refuses ``mmcv >= 2.1`` at import, though it runs with it (:mod:`.mmflow`).
* ``_base_ = 's2d_plugins::...'``: mmengine knows the packages it may read configs of by name
  (:mod:`.mmengine_configs`).
* Two sets of packages share the names mmengine, mmcv and mmdet (:mod:`.openmmlab`).

``startup`` holds the two files that pip puts into site-packages: they do the first and the third
where mmengine or mmcv is imported before this package.
"""

from .mmcv_ops import MissingOp, ensure_mmcv_ops, has_compiled_ops, working_torchvision
from .mmengine_configs import ensure_config_name
from .mmflow import MMFLOW_COMMAND, import_mmflow
from .openmmlab import compiled_ops_command, found_set

__all__ = [
    'MMFLOW_COMMAND', 'MissingOp', 'compiled_ops_command', 'ensure_config_name',
    'ensure_mmcv_ops', 'found_set', 'has_compiled_ops', 'import_mmflow', 'working_torchvision'
]
