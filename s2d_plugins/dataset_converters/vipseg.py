"""VIPSeg: panoptic images, as released or as its 720p version with JSON."""

import os
from pathlib import Path

import numpy as np

from ..errors import S2DInputError, shortened
from ..fileio.folders import by_stem, list_entries, list_masks
from ..fileio.images import image_size
from ..fileio.json_files import check_content, read_json
from ..fileio.json_items import iterate_items, read_item
from ..fileio.json_kinds import PanopticCategory, PanopticVideo
from ..fileio.paths import check_inside
from ..labels.indexed_png import read_mask_png
from .frame_files import list_folders, list_frames, read_names
from .masks import Tracks, split_ids
from .source import Instance, Source, SourceVideo

#: In a raw mask, values up to this are stuff; things are 100 x class + number.
_LAST_STUFF = 124


def vipseg_source(root: str | Path, split: str | None = None, stuff: bool = False) -> Source:
    """Read VIPSeg.

    Args:
        root: The 720p version (``images``, ``panomasksRGB``, ``panoptic_gt_VIPSeg_<split>.json``)
            or the release (``imgs``, ``panomasks``, ``<split>.txt``).
        split: ``train``, ``val``; None: all videos that have masks.
        stuff: Take stuff, such as sky and road, as objects too; by default only things.

    Raises:
        S2DInputError: If ``root`` is neither or has no such split.
    """
    root = Path(root)
    list_entries(root)  # says so if it cannot be read
    if os.path.isdir(root / 'panomasksRGB'):
        return _json_source(root, split, stuff)
    if os.path.isdir(root / 'panomasks'):
        return _raw_source(root, split, stuff)
    raise S2DInputError(f'expected panomasksRGB (720p version) or panomasks (release) in {root}, '
                        'found neither; give the folder that VIPSeg was unpacked to')


def _json_source(root: Path, split: str | None, stuff: bool) -> Source:
    path = root / f'panoptic_gt_VIPSeg{f"_{split}" if split else ""}.json'
    categories, places = [], []
    for key, item, place in iterate_items(path):
        if key == 'categories':
            check_content(item, PanopticCategory, f'{path}, category {len(categories)}')
            categories.append(item)
        elif key == 'annotations' and place is not None:
            places.append(place)
    if not categories or not places:
        raise S2DInputError(f'{path}: expected the lists annotations and categories, found none '
                            f'for {"categories" if places else "annotations"}; get the file again')
    taken = _taken(categories, stuff)

    def read(place: tuple[int, int]) -> SourceVideo:
        video = read_item(path, place, PanopticVideo, f'{path}, annotations at byte {place[0]}')
        name, frames = check_inside(video['video_id'], str(path)), video['annotations']
        segments = [{segment['id']: segment['category_id'] for segment in frame['segments_info']
                     if segment['category_id'] in taken} for frame in frames]
        masks = [root / 'panomasksRGB' / name / check_inside(frame['file_name'],
                                                             f'{path}, video {name}')
                 for frame in frames]
        return _read(root / 'images', name, masks, _read_rgb, segments)

    return Source(root / 'images', places, read, list(taken.values()), inputs=[path])


def _raw_source(root: Path, split: str | None, stuff: bool) -> Source:
    names = (list_folders(root / 'panomasks') if split is None else
             read_names(root / f'{split}.txt'))
    path = root / 'panoVIPSeg_categories.json'
    taken = (_taken(read_json(path, list[PanopticCategory]), stuff) if os.path.isfile(path)
             else None)

    def read(name: str) -> SourceVideo:
        masks = list_masks(root / 'panomasks' / name)
        return _read(root / 'imgs', name, masks, lambda mask: _read_raw(mask, stuff), None)

    return Source(root / 'imgs', names, read, taken and list(taken.values()),
                  inputs=[path, root / f'{split}.txt'])


def _taken(categories: list[dict], stuff: bool) -> dict[int, dict]:
    """Return the categories that are objects, by id."""
    return {category['id']: category for category in categories if stuff or category['isthing']}


def _read(image_root: Path, name: str, masks: list[Path], read_ids,
          segments: list[dict] | None) -> SourceVideo:
    """Read one video; ``segments`` maps each frame's objects to categories, None takes all."""
    if not masks:
        raise S2DInputError(f'video {name}: expected masks, found none; get the masks of the '
                            'dataset')
    frames = by_stem(list_frames(image_root / name, name))
    files, tracks, categories = [], Tracks(len(masks)), {}
    size = None
    for frame, mask in enumerate(masks):
        if mask.stem not in frames:
            raise S2DInputError(f'video {name}, frame {frame}: {mask} has no frame in '
                                f'{image_root / name}; get the frames of the dataset')
        files.append(frames[mask.stem])
        size = size or image_size(files[0])
        ids = read_ids(mask)
        if ids.shape != size:
            raise S2DInputError(f'video {name}, frame {frame}: {mask} is '
                                f'{ids.shape[0]}x{ids.shape[1]} (height x width), the frames are '
                                f'{size[0]}x{size[1]}; get masks and frames of one resolution')
        objects = split_ids(ids)
        if segments is None:
            categories.update((key, _raw_category(key)) for key in objects)
        else:
            _check_segments(name, frame, mask, objects, segments[frame])
            objects = {key: rle for key, rle in objects.items() if key in segments[frame]}
            categories.update((key, segments[frame][key]) for key in objects)
        tracks.add(frame, objects)
    return SourceVideo(name, size, [file.relative_to(image_root).as_posix() for file in files],
                       [Instance(segmentations, categories[key])
                        for key, segmentations in tracks.items()], name)


def _check_segments(name: str, frame: int, mask: Path, objects: dict, segments: dict) -> None:
    missing = segments.keys() - objects.keys()
    if missing:
        first = shortened(str(min(missing)), 30)
        raise S2DInputError(f'video {name}, frame {frame}: {mask} shows no segment {first}, which '
                            'the JSON lists; get masks and JSON of one version')


def _raw_category(value: int) -> int:
    """Return a value's category in ``panoVIPSeg_categories.json``, which counts from 0."""
    return (value if value <= _LAST_STUFF else value // 100) - 1


def _read_rgb(path: Path) -> np.ndarray:
    """Read ids as COCO panoptic stores them: red + 256 green + 65536 blue."""
    colors = read_mask_png(path)
    if colors.ndim != 3:
        raise S2DInputError(f'{path}: expected a colour image of segment ids, found a grey one; '
                            'make panomasksRGB again')
    colors = colors.astype(np.int32)
    return colors[..., 0] + 256 * colors[..., 1] + 65536 * colors[..., 2]


def _read_raw(path: Path, stuff: bool) -> np.ndarray:
    ids = read_mask_png(path)
    if ids.ndim != 2:
        raise S2DInputError(f'{path}: expected a grey image of class and instance, found a colour '
                            'one; get the original panomasks')
    return ids if stuff else np.where(ids > _LAST_STUFF, ids, 0)
