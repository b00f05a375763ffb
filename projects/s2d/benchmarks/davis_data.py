"""The sequences of a DAVIS-like folder: frames and annotations side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.folders import by_stem, list_folders, list_images, list_masks


@dataclass(frozen=True)
class DavisData:
    """What the benchmark runs on.

    Attributes:
        frames: Folder with one folder of frames per sequence.
        annotations: Folder with one folder of mask images per sequence.
        sequences: The chosen sequences.
        chosen: Whether they are fewer than the folder has.
    """

    frames: Path
    annotations: Path
    sequences: list[str]
    chosen: bool


def find_data(root: Path, resolution: str, sequences: Sequence[str] | None = None,
              frames_needed: bool = True, option: str = '--sequences') -> DavisData:
    """Find and check the sequences.

    Args:
        root: Folder with ``JPEGImages/<resolution>/<sequence>`` and
            ``Annotations/<resolution>/<sequence>``. ``Annotations_unsupervised`` is preferred, as
            in DAVIS 2017's evaluation without first-frame masks.
        resolution: Name of the folders in between, ``480p`` in DAVIS.
        sequences: Names; by default all that are annotated.
        frames_needed: False where only results are measured.
        option: Where the names were given, for messages.

    Raises:
        S2DInputError: If a folder or sequence is missing, or frames and annotations differ.
    """
    frames = root / 'JPEGImages' / resolution
    annotations = root / 'Annotations_unsupervised' / resolution
    if not annotations.is_dir():
        annotations = root / 'Annotations' / resolution
    for folder in (frames, annotations) if frames_needed else (annotations,):
        if not folder.is_dir():
            raise S2DInputError(f'{folder} does not exist; expected {root} to hold JPEGImages/'
                                f'{resolution} and Annotations/{resolution} as DAVIS does; give '
                                'another --data or --resolution')
    annotated = [path.name for path in list_folders(annotations) if list_masks(path)]
    there = [path.name for path in list_folders(frames)] or annotated
    names = list(dict.fromkeys(sequences or annotated))
    if not names:
        raise S2DInputError(f'{annotations}: expected one folder of PNGs per sequence; found none')
    for name in names:
        _check_sequence(name, frames if frames_needed else None, annotations, annotated, option)
    return DavisData(frames, annotations, names, chosen=set(there) != set(names))


def _check_sequence(name: str, frames: Path | None, annotations: Path,
                    annotated: list[str], option: str) -> None:
    if name not in annotated:
        raise S2DInputError(f'{annotations} has no sequence {name!r}; it has '
                            f'{", ".join(annotated[:5])}, ...; correct {option}')
    if frames is None:
        return
    seen, truth = (by_stem(list_images(frames / name)), by_stem(list_masks(annotations / name)))
    other = sorted(seen.keys() ^ truth.keys())
    if other:
        raise S2DInputError(f'{name}: {len(seen)} frames in {frames / name}, but {len(truth)} '
                            f'annotations in {annotations / name}; expected one per frame, but '
                            f'{other[0]} is not in both; complete the data')


def link_sequences(data: DavisData, folder: Path) -> Path:
    """Make a folder that holds the chosen sequences alone, as links; others' links are removed.

    Raises:
        S2DInputError: If links cannot be made there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.is_symlink():
                path.unlink()
        for name in data.sequences:
            (folder / name).symlink_to((data.frames / name).resolve(), target_is_directory=True)
    except OSError as error:
        raise S2DInputError(f'cannot link sequences in {folder}: {error.strerror or error}; '
                            'choose another --work-dir or give no --sequences') from error
    return folder
