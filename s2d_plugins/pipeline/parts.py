"""Building the parts that a pipeline's config describes."""

from collections.abc import Callable

from mmengine.config import Config

from ..fileio.config_faults import config_errors
from ..keymasks import KeymaskDiscovery
from ..proposals.selection import select_proposals
from ..registry import TASK_UTILS

#: Takes the tubes of a clip and the annotations that judge them; gives the tubes that stay.
Support = Callable[[list[dict], list[dict]], list[dict]]


def build_discovery(cfg: Config) -> KeymaskDiscovery:
    """Build what ``discovery`` describes."""
    with config_errors(cfg.filename, key='discovery'):
        return KeymaskDiscovery(**cfg.discovery.to_dict())


def build_support(cfg: Config, key: str) -> Support | None:
    """Build what judges tubes, such as ``KeymaskSupport``, if the config has any.

    Args:
        cfg: The pipeline's config.
        key: ``'dense_support'`` for dense tubes, ``'result_support'`` for those of the result.
    """
    if cfg.get(key) is None:
        return None
    with config_errors(cfg.filename, key=key):
        return TASK_UTILS.build(cfg[key])


def check_selection(cfg: Config) -> None:
    """Check the limits of ``selection``."""
    with config_errors(cfg.filename, key='selection'):
        select_proposals([], **cfg.get('selection', {}))
