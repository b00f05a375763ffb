"""The zip that evaluation servers take."""

import io
import zipfile
from pathlib import Path

from ..fileio.whole_files import write_bytes


def write_submission(path: str | Path, member: str, text: str) -> None:
    """Write a zip with one text file, whole or not at all.

    Raises:
        S2DInputError: If the folder cannot be written or the disk is full.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, text)
    write_bytes(path, buffer.getvalue())
