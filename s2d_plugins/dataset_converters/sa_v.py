"""SA-V: mp4 with per-video JSON (train), or frames with a folder of masks per object."""

import os
from pathlib import Path

import numpy as np

from ..errors import S2DInputError
from ..fileio.folders import by_stem, is_hidden, list_entries, list_masks, natural_key
from ..fileio.images import image_size
from ..fileio.json_files import read_json
from ..fileio.json_kinds import Masklets
from ..labels.indexed_png import read_indexed_png
from ..labels.mask_reader import read_masks
from ..labels.rle import encode_masks
from .frame_files import extracted_frames, list_folders, list_frames
from .masks import Tracks
from .source import Instance, Source, SourceVideo

#: The videos have 24 frames a second, of which every fourth is annotated.
ANNOTATION_STEP = 4
MASKLETS = ('manual', 'auto', 'both')


def sa_v_source(root: str | Path, frames: str | Path | None = None,
                masklets: str = 'manual') -> Source:
    """Read SA-V; the result holds the annotated frames.

    Args:
        root: Training: a folder with ``<video>.mp4`` and ``<video>_manual.json``, or of such
            folders. Validation and test: the folder with ``JPEGImages_24fps`` and
            ``Annotations_6fps``.
        frames: Training: where the annotated frames are or go, a folder per video.
        masklets: Training: ``manual``, ``auto`` or ``both``.

    Raises:
        S2DInputError: If ``root`` is neither, or ``frames`` is missing.
    """
    root = Path(root)
    list_entries(root)  # says so if it cannot be read
    if os.path.isdir(root / 'Annotations_6fps'):
        return Source(root / 'JPEGImages_24fps', list_folders(root / 'Annotations_6fps'),
                      lambda name: _read_folders(root, name))
    kinds = ('manual', 'auto') if masklets == 'both' else (masklets,)
    jobs = sorted({path.with_name(path.name.removesuffix(f'_{kind}.json'))
                   for kind in kinds for path in root.rglob(f'*_{kind}.json')
                   if not any(map(is_hidden, path.relative_to(root).parts))},
                  key=lambda stem: (stem.parent, natural_key(stem)))
    if not jobs:
        raise S2DInputError(f'expected *_{kinds[0]}.json or the folder Annotations_6fps in {root}, '
                            'found neither; give the folder that SA-V was unpacked to')
    if frames is None:
        raise S2DInputError(f'{jobs[0]}.mp4 is a video file, whose frames must be extracted; say '
                            'where to with --frames')
    frames = Path(frames)
    return Source(frames, jobs, lambda stem: _read_video(stem, frames, kinds), inputs=[
        stem.with_name(f'{stem.name}_{kind}.json') for stem in jobs for kind in kinds])


def _read_video(stem: Path, frames: Path, kinds: tuple[str, ...]) -> SourceVideo:
    """Read one training video; ``stem`` is its path without ``.mp4``."""
    paths = [path for kind in kinds
             if os.path.lexists(path := stem.with_name(f'{stem.name}_{kind}.json'))]
    size, length, instances = None, None, []
    for path in paths:
        content = read_json(path, Masklets)
        found = (int(content['video_height']), int(content['video_width']))
        if size not in (None, found) or length not in (None, len(content['masklet'])):
            raise S2DInputError(f'{path}: video {stem.name} is of another size or length than in '
                                f'{paths[0].name}; get both again')
        size, length = found, len(content['masklet'])
        instances += _instances(path, stem.name, content['masklet'], size)
    indices = range(0, ANNOTATION_STEP * length, ANNOTATION_STEP)
    files = extracted_frames(stem.with_name(f'{stem.name}.mp4'), frames / stem.name, indices)
    found = image_size(files[0])
    if found != size:
        raise S2DInputError(f'video {stem.name}, frame 0: {files[0]} is {found[0]}x{found[1]} '
                            f'(height x width), its masklets are {size[0]}x{size[1]}; extract the '
                            'frames again at full size')
    return SourceVideo(stem.name, size, [file.relative_to(frames).as_posix() for file in files],
                       instances, stem.name)


def _instances(path: Path, name: str, masklets: list[list[dict]],
               size: tuple[int, int]) -> list[Instance]:
    count = len(masklets[0])
    for frame, masks in enumerate(masklets):
        if len(masks) != count:
            raise S2DInputError(f'{path}, video {name}, frame {ANNOTATION_STEP * frame}: expected '
                                f'{count} masklets as in the first frame, found {len(masks)}; get '
                                'the file again')
    return [Instance(read_masks(masks, size, lambda frame, number=number: (
        f'{path}, video {name}, frame {ANNOTATION_STEP * frame}, masklet {number}'))[0])
        for number, masks in enumerate(zip(*masklets, strict=True))]


def _read_folders(root: Path, name: str) -> SourceVideo:
    """Read one validation or test video: masks may overlap, so each object has a folder."""
    masks = root / 'Annotations_6fps' / name
    files = by_stem(list_frames(root / 'JPEGImages_24fps' / name, name))
    objects = {number: list_masks(masks / folder)
               for number, folder in enumerate(list_folders(masks))}
    annotated = {stem for paths in objects.values() for stem in by_stem(paths)}
    stems = [stem for stem in files if stem in annotated]
    unknown = sorted(annotated - files.keys())
    if unknown or not stems:
        raise S2DInputError(f'video {name}: expected masks named like frames in {masks}, found '
                            f'{unknown[0] + ".png" if unknown else "none"}; get the dataset again')
    size = image_size(files[stems[0]])
    tracks = Tracks(len(stems))
    for number, paths in objects.items():
        for path in paths:
            mask = _read_mask(path, name, size)
            if mask.any():
                tracks.add(stems.index(path.stem), {number: encode_masks(mask[None])[0]})
    root_of_frames = root / 'JPEGImages_24fps'
    return SourceVideo(name, size,
                       [files[stem].relative_to(root_of_frames).as_posix() for stem in stems],
                       [Instance(segmentations) for _, segmentations in tracks.items()], name)


def _read_mask(path: Path, name: str, size: tuple[int, int]) -> np.ndarray:
    mask = read_indexed_png(path) > 0
    if mask.shape != size:
        raise S2DInputError(f'video {name}, frame {path.stem}: {path} is '
                            f'{mask.shape[0]}x{mask.shape[1]} (height x width), the frames are '
                            f'{size[0]}x{size[1]}; get the dataset again')
    return mask
