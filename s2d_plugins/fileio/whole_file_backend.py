"""mmengine's files, whole or not at all."""

from pathlib import Path

from mmengine.fileio import LocalBackend

from .plain_files import open_file
from .whole_files import write_bytes


class WholeFileBackend(LocalBackend):
    """mmengine's local storage, but for writing: what was there stays until all of it is written.

    mmengine saves checkpoints through its backends, so that a kill or a full disk no longer leaves
    half of one. Only plain files are read: a pipe among frames would be waited for without end.
    """

    def get(self, filepath: str | Path) -> bytes:
        """Read bytes; see :func:`~s2d_plugins.fileio.plain_files.open_file`."""
        with open_file(filepath) as file:
            return file.read()

    def get_text(self, filepath: str | Path, encoding: str = 'utf-8') -> str:
        """Read text; see :func:`~s2d_plugins.fileio.plain_files.open_file`."""
        return self.get(filepath).decode(encoding)

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes; see :func:`~s2d_plugins.fileio.whole_files.write_bytes`."""
        write_bytes(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text; see :func:`~s2d_plugins.fileio.whole_files.write_bytes`."""
        write_bytes(filepath, obj.encode(encoding))
