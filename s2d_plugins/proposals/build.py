"""A proposer from a config: what ``proposer`` says, in a config of its own or of a pipeline."""

from typing import Any

from mmengine.config import Config

from s2d_plugins.errors import S2DInputError, shortened
from s2d_plugins.fileio.config_faults import config_errors
from s2d_plugins.fileio.configs import find_beside, load_config
from s2d_plugins.registry import MASK_PROPOSERS

from .base_mask_proposer import BaseMaskProposer

#: In a ``proposer``: another config, whose ``proposer`` is meant; the other keys override it.
FROM_FILE = 'from_file'


def proposer_settings(cfg: Config) -> dict[str, Any]:
    """Return what a config's ``proposer`` describes: type and arguments, as plain values.

    Args:
        cfg: A config read from a file. Where its ``proposer`` has ``from_file``, that config's
            ``proposer`` is meant, with the other keys as overrides; it is looked for beside the
            config and in the folders above it.

    Raises:
        S2DInputError: If there is none, or the file that it names cannot be read.
    """
    settings = _described(cfg)
    if FROM_FILE not in settings:
        return settings
    path = find_beside(settings.pop(FROM_FILE), cfg.filename)
    found = _described(load_config(path, {f'proposer.{key}': value
                                          for key, value in settings.items()}))
    if FROM_FILE in found:
        raise S2DInputError(f'{cfg.filename}: proposer.{FROM_FILE}: {path} names another file; '
                            f'give {found[FROM_FILE]} itself')
    return found


def build_proposer(cfg: Config) -> BaseMaskProposer:
    """Build what a config's ``proposer`` describes; see :func:`proposer_settings`.

    Raises:
        S2DInputError: If the config describes no proposer that can be built.
    """
    settings = proposer_settings(cfg)
    with config_errors(cfg.filename, key='proposer'):
        return MASK_PROPOSERS.build(settings)


def build_ready_proposer(cfg: Config) -> BaseMaskProposer:
    """Build the proposer of a config, and check that all is there that it needs to begin.

    Raises:
        S2DInputError: As :func:`build_proposer`, or if code or weights are missing.
    """
    proposer = build_proposer(cfg)
    check = getattr(proposer, 'check_ready', None)  # a proposer needs no more than `propose`
    if check is not None:
        with config_errors(cfg.filename, key='proposer'):
            check()
    return proposer


def _described(cfg: Config) -> dict[str, Any]:
    settings = cfg.get('proposer')
    if not isinstance(settings, dict) or not {'type', FROM_FILE} & settings.keys():
        raise S2DInputError(f'{cfg.filename}: expected `proposer = dict(type=..., ...)`, found '
                            f'{shortened(repr(settings), 60)}')
    return settings.to_dict()
