"""The annotations of DAVIS-like folders: sequences, their frames in order, their objects."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.folders import by_stem, list_folders, list_masks
from ..labels.indexed_png import VOID, read_davis_png


@dataclass(frozen=True)
class Truth:
    """Objects of a sequence: ids 1 to ``count`` of its annotation files, those of the first."""

    name: str
    files: list
    count: int
    single: bool  # DAVIS 2016: 255 is the object, not void


def find_sequences(root: str | Path, task: str) -> dict[str, list[Path]]:
    """Annotation files of each sequence.

    Args:
        root: A DAVIS folder (``Annotations_unsupervised/480p`` is preferred for the
            unsupervised task, else ``Annotations/480p``), or a folder of sequences.
        task: ``'unsupervised'`` or ``'semi-supervised'``.

    Returns:
        Sequence name to its PNGs, both in natural order; hidden folders and files are passed over.

    Raises:
        S2DInputError: If nothing is found, or a frame is there twice.
    """
    root = Path(root)
    nested = [root / 'Annotations' / '480p', root / 'Annotations']
    if task == 'unsupervised':
        nested.insert(0, root / 'Annotations_unsupervised' / '480p')
    for folder in (*nested, root):
        found = {path.name: list(by_stem(list_masks(path)).values())
                 for path in list_folders(folder)}
        found = {name: files for name, files in found.items() if files}
        if found:
            return found
    raise S2DInputError(f'{root}: expected a DAVIS folder or folders of PNGs, one per sequence; '
                        'found none')


def read_truth(name: str, files: list[Path]) -> Truth:
    """Count the objects of the first frame; a sequence of only 0 and 255 is DAVIS 2016's."""
    values = np.unique(read_davis_png(files[0]))
    count = int(values[values != VOID].max(initial=0))
    if count:
        return Truth(name, files, count, single=False)
    seen = set().union(*(np.unique(read_davis_png(path)).tolist() for path in files))
    single = seen <= {0, VOID} and VOID in seen
    return Truth(name, files, int(single), single)
