"""The zip that evaluation servers take."""

import os
import tempfile
import zipfile
from pathlib import Path

from ..errors import S2DInputError


def write_submission(path: str | Path, member: str, text: str) -> None:
    """Write a zip with one text file, whole or not at all.

    Raises:
        S2DInputError: If the folder cannot be written or the disk is full.
    """
    path, temporary = Path(path), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f'.{path.name}.',
                                         delete=False) as file:
            temporary = file.name
            with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(member, text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise S2DInputError(f'cannot write {path}: {error.strerror or error}; free space or '
                            'choose another output folder') from error
