"""Telling URLs from paths; imports nothing, for a tool's arguments are read first."""

import re
from pathlib import Path

_URL = re.compile(r'[a-z][a-z0-9+.-]*://', re.IGNORECASE)


def is_url(place: str | Path) -> bool:
    """Say whether a place is a URL and not a path."""
    return isinstance(place, str) and _URL.match(place) is not None


def location(text: str) -> Path | str:
    """Read an argument that is a path or a URL."""
    return text if is_url(text) else Path(text)
