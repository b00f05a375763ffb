"""A proposer from a config file."""

from pathlib import Path

from mmengine.config import Config

from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import MASK_PROPOSERS

from .base_mask_proposer import BaseMaskProposer


def build_proposer(config: str | Path | None) -> BaseMaskProposer:
    """Build what a config file's ``proposer`` describes; without a file MotionColorProposer.

    Raises:
        S2DInputError: If the file cannot be read or describes no proposer.
    """
    settings = dict(type='MotionColorProposer')
    if config is not None:
        try:
            settings = Config.fromfile(config).get('proposer')
        except (OSError, SyntaxError) as error:
            raise S2DInputError(f'cannot read the config {config}: {error}') from error
        if not isinstance(settings, dict) or 'type' not in settings:
            raise S2DInputError(f'{config}: expected `proposer = dict(type=..., ...)`, found '
                                f'{settings!r}')
    try:
        return MASK_PROPOSERS.build(settings)
    except (KeyError, TypeError) as error:
        raise S2DInputError(f'cannot build the proposer {settings}: {error}') from error
