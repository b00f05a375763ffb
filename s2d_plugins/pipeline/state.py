"""What a work dir knows of its stages."""

import functools
from pathlib import Path

from ..errors import S2DInputError
from ..fileio import json_kinds
from ..fileio.json_files import read_json
from ..fileio.whole_files import write_json


class State:
    """Keys and costs of the stages, in one small file that is rewritten at each change.

    Args:
        path: The file; it need not exist, and is read when something is asked of it.
    """

    def __init__(self, path: Path):
        self.path = path

    @functools.cached_property
    def _content(self) -> dict:
        if not self.path.exists():
            return {}
        try:
            return read_json(self.path, json_kinds.State)
        except S2DInputError as error:
            reason = str(error).rpartition(';')[0] or str(error)
            raise S2DInputError(f'{reason}; restore the file, or delete it: all stages are then '
                                'made again') from error

    def key(self, stage: str) -> str | None:
        """Return the key that a stage's results were made with.

        Raises:
            S2DInputError: Here and below, if the file is broken.
        """
        return self._content.get(stage, {}).get('key')

    def set_key(self, stage: str, key: str) -> None:
        """Note the key of the results to come."""
        self._content.setdefault(stage, {})['key'] = key
        self._save()

    def record(self, stage: str, item: str) -> dict | None:
        """Return what was noted for a clip or video of a stage."""
        return self._content.get(stage, {}).get('items', {}).get(item)

    def records(self, stage: str) -> dict[str, dict]:
        """Return all that was noted of a stage, by clip or video."""
        return self._content.get(stage, {}).get('items', {})

    def set_record(self, stage: str, item: str, record: dict) -> None:
        """Note cost and counts of a clip or video of a stage."""
        self._content.setdefault(stage, {}).setdefault('items', {})[item] = record
        self._save()

    def forget(self, stage: str, item: str) -> None:
        """Drop what was noted for a clip or video."""
        if self._content.get(stage, {}).get('items', {}).pop(item, None) is not None:
            self._save()

    def clear(self, stage: str) -> None:
        """Drop all that was noted for a stage."""
        if self._content.pop(stage, None) is not None:
            self._save()

    def _save(self) -> None:
        write_json(self.path, self._content)
