"""``stages/run.json``: what the latest run into a work dir says of itself, while it goes on too."""

import time
from pathlib import Path

from mmengine.config import Config

from ..fileio import json_kinds
from ..fileio.json_files import read_json
from ..fileio.whole_files import write_json


def start_note(path: Path, cfg: Config, videos: dict[str, Path], device: str) -> dict:
    """Note that a run has started.

    Returns:
        The note, for :func:`write_note` when something has changed.
    """
    note: dict = dict(started=time.time(), ended=None, stage=None, error=None, device=device,
                      config=Path(cfg.filename).name if cfg.filename else '',
                      videos={name: str(source) for name, source in videos.items()}, failures={})
    write_note(path, note)
    return note


def write_note(path: Path, note: dict) -> None:
    """Write the note anew."""
    write_json(path, note)


def read_note(path: Path) -> dict | None:
    """Read the note of the latest run; None where no run has left one.

    Raises:
        S2DInputError: If it is broken.
    """
    return read_json(path, json_kinds.RunNote) if path.is_file() else None
