"""MOSE, and YouTube-VOS, whose folders are alike: palette images, one folder per video."""

from pathlib import Path

from .frame_files import list_folders
from .mask_folders import read_mask_folder
from .source import Source, SourceVideo


def mose_source(root: str | Path, split: str = 'train', sparse: bool = False) -> Source:
    """Read MOSE as it unpacks: ``<split>/JPEGImages`` and ``<split>/Annotations``.

    Args:
        root: Folder of the splits.
        split: ``train``, or ``valid``, where only first frames are annotated.
        sparse: Frames may lack a mask, as in ``valid`` and in YouTube-VOS.

    Raises:
        S2DInputError: If the folders are not there.
    """
    frames, masks = (Path(root) / split / kind for kind in ('JPEGImages', 'Annotations'))

    def read(name: str) -> SourceVideo:
        return read_mask_folder(name, frames / name, masks / name, frames, sparse)

    return Source(frames, list_folders(masks), read)
