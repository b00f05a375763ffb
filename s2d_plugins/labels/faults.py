"""What is wrong with a YouTube-VIS JSON: every fault, named."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import S2DInputError
from .mask_reader import read_mask

_VIDEO_KEYS = ('id', 'height', 'width', 'file_names')
_ANNOTATION_KEYS = ('id', 'video_id', 'category_id', 'segmentations')


def find_faults(labels: dict, frames_root: str | Path | None = None) -> Iterator[str]:
    """Yield one line per fault of a label set.

    Args:
        labels: Content of a YouTube-VIS JSON.
        frames_root: Folder that ``file_names`` are relative to; None does not look for files.
    """
    if not isinstance(labels, dict):
        yield f'expected an object with videos, annotations and categories, found a ' \
              f'{type(labels).__name__}'
        return
    missing = [key for key in ('videos', 'annotations', 'categories')
               if not isinstance(labels.get(key), list)]
    for key in missing:
        yield f'expected a list `{key}`, found {type(labels.get(key)).__name__}'
    if 'videos' in missing or 'annotations' in missing:
        return
    videos = {}
    yield from _repeated_ids(labels['videos'], 'video')
    for number, video in enumerate(labels['videos']):
        absent = [key for key in _VIDEO_KEYS if key not in video]
        if absent:
            yield f'video number {number}: the keys {absent} are missing'
            continue
        videos[video['id']] = video
        yield from _video_faults(video, frames_root)
    categories = {category.get('id') for category in labels.get('categories') or []}
    yield from _repeated_ids(labels['annotations'], 'annotation')
    for number, annotation in enumerate(labels['annotations']):
        absent = [key for key in _ANNOTATION_KEYS if key not in annotation]
        if absent:
            yield f'annotation number {number}: the keys {absent} are missing'
            continue
        yield from _annotation_faults(annotation, videos, categories)


def _repeated_ids(items: list[dict], kind: str) -> Iterator[str]:
    seen = set()
    for item in items:
        number = item.get('id')
        if number in seen:
            yield f'{kind} {number}: the id is used more than once'
        seen.add(number)


def _video_faults(video: dict, frames_root: str | Path | None) -> Iterator[str]:
    where = f'video {video["id"]} ({video.get("name", "no name")})'
    if not all(isinstance(video[side], int) and video[side] > 0 for side in ('height', 'width')):
        yield (f'{where}: expected a positive height and width, found {video["height"]} and '
               f'{video["width"]}')
    names = video['file_names']
    if not names:
        yield f'{where}: has no file_names'
    if video.get('length', len(names)) != len(names):
        yield f'{where}: length is {video["length"]}, but it has {len(names)} file_names'
    if len(set(names)) != len(names):
        yield f'{where}: a file name occurs twice'
    if frames_root is not None:
        absent = [name for name in names if not (Path(frames_root) / name).is_file()]
        if absent:
            yield (f'{where}: {len(absent)} of {len(names)} files are missing below '
                   f'{frames_root}, the first is {absent[0]}')


def _annotation_faults(annotation: dict, videos: dict, categories: set) -> Iterator[str]:
    where = f'annotation {annotation["id"]}'
    video = videos.get(annotation['video_id'])
    if video is None:
        yield f'{where}: its video {annotation["video_id"]} is not in the file'
        return
    where = f'{where} of video {video["id"]} ({video.get("name", "no name")})'
    if categories and annotation['category_id'] not in categories:
        yield f'{where}: its category {annotation["category_id"]} is not in the file'
    length = len(video['file_names'])
    for key in ('segmentations', 'bboxes', 'areas'):
        if key in annotation and len(annotation[key]) != length:
            yield f'{where}: has {len(annotation[key])} {key} for {length} frames'
    if annotation.get('length', length) != length:
        yield f'{where}: length is {annotation["length"]}, its video has {length} frames'
    if not any(annotation['segmentations']):
        yield f'{where}: has no mask in any frame'
    yield from _mask_faults(where, annotation, (video['height'], video['width']))


def _mask_faults(where: str, annotation: dict, size: tuple[int, int]) -> Iterator[str]:
    for frame, segmentation in enumerate(annotation['segmentations']):
        if segmentation is None:
            continue
        place = f'{where}, frame {frame}'
        try:
            rle = read_mask(segmentation, size, place)
        except S2DInputError as error:
            yield str(error)
            continue
        if rle is None:
            yield f'{place}: the mask has no pixels'
