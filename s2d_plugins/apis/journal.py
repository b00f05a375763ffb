"""What is done of a long video, in a folder, so that a run that was stopped goes on."""

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ..errors import S2DInputError, one_line
from ..fileio.stamps import Stamp, read_stamp, stamped
from ..fileio.whole_files import cannot_write, clean_partials, whole_file, write_json
from ..models.window_inference import MaskNews

STAMP, MASKS, STATE = 'made_from.json', 'masks.jsonl', 'state.pth'
SECONDS = 10.0


class VideoJournal:
    """A :class:`~s2d_plugins.models.window_inference.Journal` in a folder of its own.

    ``masks.jsonl`` only grows, a line per track and save; ``state.pth``, which is replaced whole,
    says how much of it counts, and holds what the next window is joined to. What is broken, or was
    made from something else, is made again.

    Args:
        folder: Made by the first save; nothing else is in it.
        stamp: What the masks are made from: video, model and settings.
        seconds: Least time between two saves; by default 10.
    """

    def __init__(self, folder: str | Path, stamp: Stamp, seconds: float | None = None):
        self.folder = Path(folder)
        self.stamp = stamp
        self.seconds = SECONDS if seconds is None else seconds
        self._saved = time.monotonic()
        self._size = 0

    def read_windows(self) -> dict[str, Any] | None:
        """Return the windows of the last run; None if there was none."""
        known = self.load()
        return None if known is None else known[0]['windows']

    def load(self) -> tuple[dict[str, Any], dict[int, list[dict | None]]] | None:
        """Return the last state that was saved, and per track its RLEs; None if there is none."""
        clean_partials(self.folder)
        self._size = 0
        if read_stamp(self.folder / STAMP) != self.stamp or not (self.folder / STATE).is_file():
            return None
        try:
            state = torch.load(self.folder / STATE, map_location='cpu', weights_only=True)
            size = int(state['size'])
            masks: dict[int, list[dict | None]] = {}
            with open(self.folder / MASKS, 'rb') as file:
                for line in file.read(size).splitlines():
                    track, rles = json.loads(line)
                    masks.setdefault(track, []).extend(rles)
                if file.tell() != size:
                    raise S2DInputError(f'{self.folder / MASKS} has lost its end')
            known = {name: state[name] for name in ('windows', 'done', 'tracks')}
        except Exception as error:  # noqa: BLE001  whatever is wrong, it is made again
            tqdm.write(f'{self.folder} cannot be read ({one_line(error)}); its video is begun '
                       'again', file=sys.stderr)
            return None
        self._size = size
        return known, masks

    def save(self, read: Callable[[], tuple[dict[str, Any], Iterable[MaskNews]]],
             last: bool = False) -> None:
        """Save what ``read`` gives, if the last time is long ago or this is the last one.

        Raises:
            S2DOutputError: If it cannot be written.
        """
        if not last and time.monotonic() - self._saved < self.seconds:
            return
        state, news = read()
        try:
            if self._size == 0:
                self._begin()
            with open(self.folder / MASKS, 'r+b') as file:
                file.seek(self._size)
                file.writelines(json.dumps(one).encode() + b'\n' for one in news)
                file.truncate()
                self._size = file.tell()
        except OSError as error:
            raise cannot_write(self.folder / MASKS, error) from error
        with whole_file(self.folder / STATE) as temporary:
            torch.save(dict(state, size=self._size), temporary)
        self._saved = time.monotonic()

    def _begin(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.folder / STATE)
        write_json(self.folder / STAMP, stamped(self.stamp, {}))
        open(self.folder / MASKS, 'wb').close()

    def remove(self) -> None:
        """Remove the folder, once the results are written."""
        remove_journal(self.folder)


def remove_journal(folder: Path) -> None:
    """Remove the folder of a journal, or of several, that may be there; a link stays."""
    if not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
