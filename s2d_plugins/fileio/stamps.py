"""What a result was made from, noted in the result, so that a change is noticed.

The note is the first key, ``made_from``, of a JSON object: a digest for each thing that the result
depends on. Readers of the format ignore it. It can be read without reading the result, which may
be large.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import S2DInputError
from .digests import digest
from .plain_files import open_file

MADE_FROM = 'made_from'
#: Another one, and all results count as made by another version.
_FORMAT = 1
_HEAD_BYTES = 4096
_START = re.compile(r'\s*\{\s*"made_from"\s*:\s*')
Stamp = dict[str, str]


def make_stamp(**parts: Any) -> Stamp:
    """Make a stamp from plain values, one for each thing that a user knows by name.

    An underscore in a name stands for a space in what :func:`changed_parts` returns.
    """
    return {'format': digest(_FORMAT), **{name: digest(value) for name, value in parts.items()}}


def stamped(stamp: Stamp, content: Mapping) -> dict:
    """Put a stamp into a JSON object, as its first key."""
    return {MADE_FROM: stamp, **content}


def read_stamp(path: str | Path) -> Stamp | None:
    """Read the stamp of a result; None if it has none or is not there."""
    try:
        with open_file(path) as file:
            head = file.read(_HEAD_BYTES).decode('utf-8', 'replace')
    except S2DInputError:
        return None
    start = _START.match(head)
    if start is None:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(head, start.end())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def changed_parts(old: Mapping, new: Mapping) -> list[str]:
    """Name what a result was made from otherwise, in the order of the new stamp."""
    return [name.replace('_', ' ') for name in (*new, *(old.keys() - new.keys()))
            if old.get(name) != new.get(name)]


class Review:
    """Which of the results that are there still hold.

    A result without a stamp, of an earlier version or another program, is kept.

    Attributes:
        changed: Name of each result that does not hold to what has changed.
        unmarked: Names of those without a stamp.
    """

    def __init__(self):
        self.changed: dict[str, tuple[str, ...]] = {}
        self.unmarked: list[str] = []

    def holds(self, name: str, path: str | Path, stamp: Callable[[], Stamp]) -> bool:
        """Look at one result.

        Args:
            name: What to call it.
            path: The file, which is there.
            stamp: Makes the stamp that it should have; called only if it has any.
        """
        old = read_stamp(path)
        if old is None:
            self.unmarked.append(name)
            return True
        parts = changed_parts(old, stamp())
        if parts:
            self.changed[name] = tuple(parts)
        return not parts

    def reason(self, name: str) -> str:
        """Say why one result is made again."""
        return f'made again, since {" and ".join(self.changed[name])} changed'

    def lines(self) -> list[str]:
        """Say in a few lines what is made again and why, and what could not be looked at."""
        reasons: dict[str, list[str]] = {}
        for name in self.changed:
            reasons.setdefault(self.reason(name), []).append(name)
        return [f'{reason}: {_names(names)}' for reason, names in reasons.items()] + (
            self.unmarked_lines())

    def unmarked_lines(self) -> list[str]:
        """Say which results could not be looked at; no line if there are none."""
        if not self.unmarked:
            return []
        return [f'kept, though nothing says what they were made from: {_names(self.unmarked)}; '
                '--overwrite makes them again']


def _names(names: list[str], shown: int = 5) -> str:
    more = f' and {len(names) - shown} more' if len(names) > shown else ''
    return f'{", ".join(names[:shown])}{more}'
