"""mmengine reads configs of the packages on its table by name: ``_base_ = 'mmdet::...'``."""

CONFIG_NAME = 's2d_plugins'


def ensure_config_name() -> None:
    """Put S2D on that table: ``s2d_plugins::folder/file.py`` is found where S2D is installed."""
    from mmengine.config.utils import MODULE2PACKAGE
    MODULE2PACKAGE.setdefault(CONFIG_NAME, CONFIG_NAME)
