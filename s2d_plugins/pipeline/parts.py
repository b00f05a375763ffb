"""The parts that a pipeline's config describes: building them, and the files that it names."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..fileio.config_faults import config_errors
from ..keymasks import KeymaskDiscovery
from ..proposals.base_mask_proposer import BaseMaskProposer
from ..proposals.selection import select_proposals
from ..registry import MASK_PROPOSERS


def build_proposer(cfg: Config) -> BaseMaskProposer:
    """Build what ``proposer`` describes."""
    with config_errors(cfg.filename, key='proposer'):
        return MASK_PROPOSERS.build(cfg.proposer)


def build_discovery(cfg: Config) -> KeymaskDiscovery:
    """Build what ``discovery`` describes."""
    with config_errors(cfg.filename, key='discovery'):
        return KeymaskDiscovery(**cfg.discovery.to_dict())


def check_selection(cfg: Config) -> None:
    """Check the limits of ``selection``."""
    with config_errors(cfg.filename, key='selection'):
        select_proposals([], **cfg.get('selection', {}))


def named_paths(settings: Any, key: str = '') -> list[Path]:
    """Return the files and folders that plain settings name and that exist, at any depth."""
    if isinstance(settings, dict):
        return [path for name, value in settings.items() for path in named_paths(value, str(name))]
    if isinstance(settings, (list, tuple)):
        return [path for value in settings for path in named_paths(value, key)]
    looks_like_path = isinstance(settings, str) and (
        'path' in key or os.sep in settings or Path(settings).suffix != '')
    if isinstance(settings, Path) or looks_like_path:
        with contextlib.suppress(OSError, ValueError):
            if os.path.exists(settings):
                return [Path(settings)]
    return []


def file_stamps(paths: Iterable[Path]) -> list[list]:
    """Return path, size and time of change of the files that exist."""
    stamps = []
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            stamps.append([str(path), status.st_size, status.st_mtime_ns])
    return stamps
