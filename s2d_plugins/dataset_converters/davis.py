"""DAVIS 2016 and 2017: palette images, one folder per sequence."""

import os
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.paths import check_inside
from ..labels.indexed_png import read_indexed_png
from .frame_files import list_folders, read_list
from .mask_folders import read_mask_folder
from .source import Source, SourceVideo

#: Where the sequences of a split are listed, by year: DAVIS 2016's own release, then the
#: release of 2017, which lists both years.
_LISTS = {2016: ('ImageSets/{resolution}/{split}.txt', 'ImageSets/2016/{split}.txt'),
          2017: ('ImageSets/2017/{split}.txt',)}


def davis_source(root: str | Path, year: int, split: str | None = None,
                 resolution: str = '480p', unsupervised: bool = False,
                 sparse: bool = False) -> Source:
    """Read DAVIS as it unpacks.

    Args:
        root: Folder with ``JPEGImages``, ``Annotations`` and ``ImageSets``.
        year: 2016: all that is not background is one object. 2017: every id is an object and 255
            belongs to none.
        split: ``train``, ``val``, ...; None: every sequence that has masks.
        resolution: ``480p``, or the folder of the full resolution.
        unsupervised: Take ``Annotations_unsupervised``, the masks of the unsupervised challenge.
        sparse: Frames may lack a mask, as in test-dev.

    Raises:
        S2DInputError: If there is no such folder or split.
    """
    root = Path(root)
    frames = root / 'JPEGImages' / resolution
    masks = root / ('Annotations_unsupervised' if unsupervised else 'Annotations') / resolution

    def read(name: str) -> SourceVideo:
        video = read_mask_folder(name, frames / name, masks / name, frames, sparse,
                                 _read_foreground if year == 2016 else read_indexed_png)
        if not video.instances:
            hint = ('' if year == 2016 else ': masks of 0 and 255 alone are those of DAVIS 2016, '
                    'where 255 is the object; in 2017 it is void')
            raise S2DInputError(f'video {name}: {masks / name} shows no object{hint}')
        return video

    names = list_folders(masks)
    return Source(frames, names if split is None else _split(root, year, split, resolution), read)


def _split(root: Path, year: int, split: str, resolution: str) -> list[str]:
    candidates = [root / path.format(split=split, resolution=resolution) for path in _LISTS[year]]
    for path in candidates:
        if os.path.isfile(path):
            # 2016 lists image and mask of every frame, 2017 the sequences
            names = [line.split()[0] for line in read_list(path)]
            return list(dict.fromkeys(
                check_inside(Path(name).parent.name if '/' in name else name, str(path))
                for name in names))
    raise S2DInputError(f'expected the list of the split {split} in '
                        f'{" or ".join(map(str, candidates))}, found none; correct --split, or '
                        'leave it out to take every sequence')


def _read_foreground(path: Path) -> np.ndarray:
    return (read_indexed_png(path) > 0).astype(np.uint8)
