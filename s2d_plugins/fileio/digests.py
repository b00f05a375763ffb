"""Short hashes by which a change is noticed."""

import hashlib
import json
from pathlib import Path

from .plain_files import open_file


def digest(content: object) -> str:
    """Return a short hash of a plain value; equal for equal content, also in another process."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:16]


def file_digest(path: str | Path) -> str:
    """Return a short hash of a plain file's bytes, read in pieces."""
    return file_sha256(path)[:16]


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a plain file in hexadecimal digits, read in pieces."""
    sum_of_bytes = hashlib.sha256()
    with open_file(path) as file:
        while piece := file.read(2**20):
            sum_of_bytes.update(piece)
    return sum_of_bytes.hexdigest()
