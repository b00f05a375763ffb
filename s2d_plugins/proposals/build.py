"""A proposer from a config file."""

from pathlib import Path

from s2d_plugins.errors import S2DInputError, shortened
from s2d_plugins.fileio.configs import config_errors, load_config
from s2d_plugins.registry import MASK_PROPOSERS

from .base_mask_proposer import BaseMaskProposer


def proposer_settings(config: str | Path | None) -> dict:
    """Read a config file's ``proposer``; without a file that of MotionColorProposer.

    Raises:
        S2DInputError: If the file cannot be read or describes no proposer.
    """
    if config is None:
        return dict(type='MotionColorProposer')
    settings = load_config(config).get('proposer')
    if not isinstance(settings, dict) or 'type' not in settings:
        raise S2DInputError(f'{config}: expected `proposer = dict(type=..., ...)`, found '
                            f'{shortened(repr(settings), 60)}')
    return settings.to_dict()


def build_proposer(config: str | Path | None) -> BaseMaskProposer:
    """Build what a config file's ``proposer`` describes; see :func:`proposer_settings`.

    Raises:
        S2DInputError: If the file cannot be read or describes no proposer.
    """
    settings = proposer_settings(config)
    with config_errors(config or 'of the proposer'):
        return MASK_PROPOSERS.build(settings)
