"""What ``mmengine.hub`` and mmengine's inferencers look for under this name in every package."""

import time

from mmengine.registry import DefaultScope, Registry

from . import registry


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import everything that the registries of this package hold, mmdet's modules among it.

    Args:
        init_default_scope: Look names up in this package from now on, as with
            ``default_scope = 's2d_plugins'`` in a config.
    """
    for kind in vars(registry).values():
        if isinstance(kind, Registry):
            kind.import_from_location()
    current = DefaultScope.get_current_instance()
    if init_default_scope and (current is None or current.scope_name != 's2d_plugins'):
        DefaultScope.get_instance(f's2d_plugins-{time.monotonic_ns()}', scope_name='s2d_plugins')
