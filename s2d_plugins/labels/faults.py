"""What is wrong with a YouTube-VIS JSON: every fault, named."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import S2DInputError
from ..fileio.json_files import check_content
from ..fileio.json_kinds import NAMES, Annotation, Category, Labels, Video, guess_kind
from ..fileio.paths import is_inside
from .mask_reader import has_mask, read_mask
from .youtube_vis import DistinctVideos, video_title

_KINDS = dict(videos=Video, annotations=Annotation, categories=Category)


def find_faults(labels: dict, frames_root: str | Path | None = None) -> Iterator[str]:
    """Yield one line per fault of a label set.

    First what is not of the shape that it must have, item by item; then, of the items that are,
    what disagrees with the rest of the file.

    Args:
        labels: Content of a YouTube-VIS JSON.
        frames_root: Folder that ``file_names`` are relative to; None does not look for files.
    """
    if not isinstance(labels, dict) or not isinstance(labels.get('videos'), list):
        found = guess_kind(labels)
        if isinstance(labels, dict) and found in (None, NAMES[Labels]):
            found = f'`videos` of type {type(labels.get("videos")).__name__}'
        found = found or f'a {type(labels).__name__}'
        yield f'expected {NAMES[Labels]}, an object with a list `videos`, found {found}'
        return
    items: dict[str, list] = {}
    for name, kind in _KINDS.items():
        items[name] = []
        yield from _well_shaped(labels.get(name), name, kind, items[name])
    for name in ('videos', 'annotations'):
        yield from _repeated_ids(items[name], name[:-1])
    distinct = DistinctVideos()
    for video in items['videos']:
        yield from _video_faults(video, frames_root)
        try:
            distinct.add(video, 'this file')
        except S2DInputError as error:
            yield str(error).removeprefix('this file: ')
    videos = {video['id']: video for video in items['videos']}
    categories = {category['id'] for category in items['categories']}
    for annotation in items['annotations']:
        yield from _annotation_faults(annotation, videos, categories)


def _well_shaped(values: Any, name: str, kind: Any, kept: list) -> Iterator[str]:
    """Put the values of a list that have the right shape into ``kept``; name the others."""
    if values is None:  # official splits for a server have no annotations
        return
    if not isinstance(values, list):
        yield f'expected a list `{name}`, found {type(values).__name__}'
        return
    for number, value in enumerate(values):
        try:
            check_content(value, kind, f'{name}[{number}]')
        except S2DInputError as error:
            yield str(error)
        else:
            kept.append(value)


def _repeated_ids(items: list[dict], kind: str) -> Iterator[str]:
    for number, count in Counter(item['id'] for item in items).items():
        if count > 1:
            yield f'{kind} {number}: the id is used more than once'


def _video_faults(video: dict, frames_root: str | Path | None) -> Iterator[str]:
    where, names = video_title(video), video['file_names']
    if video.get('length') not in (None, len(names)):
        yield f'{where}: length is {video["length"]}, but it has {len(names)} file_names'
    if len(set(names)) != len(names):
        yield f'{where}: a file name occurs twice'
    outside = [name for name in names if not is_inside(name)]
    if outside:
        yield (f'{where}: {len(outside)} of {len(names)} file names lead out of the folder of the '
               f'frames, the first is {outside[0]!r}')
    if frames_root is not None:
        absent = [name for name in names
                  if is_inside(name) and not os.path.isfile(Path(frames_root) / name)]
        if absent:
            yield (f'{where}: {len(absent)} of {len(names)} files are missing below '
                   f'{frames_root}, the first is {absent[0]}')


def _annotation_faults(annotation: dict, videos: dict, categories: set) -> Iterator[str]:
    where = f'annotation {annotation["id"]}'
    video = videos.get(annotation['video_id'])
    if video is None:
        yield f'{where}: its video {annotation["video_id"]} is not in the file'
        return
    where = f'{where} of {video_title(video)}'
    if categories and annotation.get('category_id') not in categories:
        yield f'{where}: its category {annotation.get("category_id")} is not in the file'
    length = len(video['file_names'])
    for key in ('segmentations', 'bboxes', 'areas'):
        if annotation.get(key) is not None and len(annotation[key]) != length:
            yield f'{where}: has {len(annotation[key])} {key} for {length} frames'
    if annotation.get('length') not in (None, 1, length):  # YouTube-VIS says 1 everywhere
        yield f'{where}: length is {annotation["length"]}, its video has {length} frames'
    if not any(map(has_mask, annotation['segmentations'])):
        yield f'{where}: has no mask in any frame'
    yield from _mask_faults(where, annotation, (video['height'], video['width']))


def _mask_faults(where: str, annotation: dict, size: tuple[int, int]) -> Iterator[str]:
    for frame, segmentation in enumerate(annotation['segmentations']):
        place = f'{where}, frame {frame}'
        try:
            rle = read_mask(segmentation, size, place)
        except S2DInputError as error:
            yield str(error)
            continue
        if rle is None and has_mask(segmentation):
            yield f'{place}: the mask has no pixels'
