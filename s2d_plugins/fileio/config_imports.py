"""Modules that a config names, in a process that did not read the config."""

from collections.abc import Mapping

from mmengine.utils import import_modules_from_strings

from ..errors import S2DInputError, one_line


def import_named(custom_imports: Mapping | None) -> None:
    """Import what a config's ``custom_imports`` names, as reading the config does.

    Raises:
        S2DInputError: If a module is not there.
    """
    import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
    if not custom_imports:
        return
    try:
        import_modules_from_strings(**custom_imports)
    except ImportError as error:
        raise S2DInputError(f'custom_imports: {one_line(error)}; put the module where every '
                            'process finds it, such as PYTHONPATH') from error
