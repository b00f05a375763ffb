"""Building the parts that a pipeline's config describes."""

from collections.abc import Callable

from mmengine.config import Config

from ..fileio.config_faults import config_errors
from ..keymasks import KeymaskDiscovery
from ..proposals.base_mask_proposer import BaseMaskProposer
from ..proposals.selection import select_proposals
from ..registry import MASK_PROPOSERS, TASK_UTILS


def build_proposer(cfg: Config) -> BaseMaskProposer:
    """Build what ``proposer`` describes."""
    with config_errors(cfg.filename, key='proposer'):
        return MASK_PROPOSERS.build(cfg.proposer)


def build_discovery(cfg: Config) -> KeymaskDiscovery:
    """Build what ``discovery`` describes."""
    with config_errors(cfg.filename, key='discovery'):
        return KeymaskDiscovery(**cfg.discovery.to_dict())


def build_support(cfg: Config) -> Callable[[list, list], list] | None:
    """Build what ``dense_support`` describes, if anything; such as ``KeymaskSupport``."""
    if cfg.get('dense_support') is None:
        return None
    with config_errors(cfg.filename, key='dense_support'):
        return TASK_UTILS.build(cfg.dense_support)


def check_selection(cfg: Config) -> None:
    """Check the limits of ``selection``."""
    with config_errors(cfg.filename, key='selection'):
        select_proposals([], **cfg.get('selection', {}))
