"""mmengine's files, whole or not at all."""

from pathlib import Path

from mmengine.fileio import LocalBackend

from .whole_files import write_bytes


class WholeFileBackend(LocalBackend):
    """mmengine's local storage, but for writing: what was there stays until all of it is written.

    mmengine saves checkpoints through its backends, so that a kill or a full disk no longer leaves
    half of one.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes; see :func:`~s2d_plugins.fileio.whole_files.write_bytes`."""
        write_bytes(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text; see :func:`~s2d_plugins.fileio.whole_files.write_bytes`."""
        write_bytes(filepath, obj.encode(encoding))
