"""The parts that a pipeline's config describes: building them, and the files that it names."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import S2DInputError, S2DOutputError, one_line
from ..fileio.config_faults import config_errors
from ..keymasks import KeymaskDiscovery
from ..proposals.base_mask_proposer import BaseMaskProposer
from ..proposals.selection import select_proposals
from ..registry import MASK_PROPOSERS


@contextlib.contextmanager
def part_errors(cfg: Config, key: str) -> Iterator[None]:
    """Turn what building a part raises into one line that names its key in the config.

    Raises:
        S2DInputError: For any error but those that the config is not to blame for.
    """
    where = f'{cfg.filename}: {key}'
    try:
        with config_errors(where):
            yield
    except S2DOutputError:
        raise
    except S2DInputError as error:
        line = one_line(error)
        if line.startswith(f'config {where}'):
            raise
        raise S2DInputError(f'config {where}: {line}') from error


def build_proposer(cfg: Config) -> BaseMaskProposer:
    """Build what ``proposer`` describes."""
    with part_errors(cfg, 'proposer'):
        return MASK_PROPOSERS.build(cfg.proposer)


def build_discovery(cfg: Config) -> KeymaskDiscovery:
    """Build what ``discovery`` describes."""
    with part_errors(cfg, 'discovery'):
        return KeymaskDiscovery(**cfg.discovery.to_dict())


def check_selection(cfg: Config) -> None:
    """Check the limits of ``selection``."""
    with part_errors(cfg, 'selection'):
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
