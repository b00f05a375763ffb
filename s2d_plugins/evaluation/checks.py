"""Checks of ground truth and results: what is wrong, in which file, video and frame."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

from ..errors import S2DInputError
from ..labels.mask_reader import read_masks
from ..labels.rle import areas_and_boxes
from ..labels.youtube_vis import video_folder


def _reject_duplicates(ids: Iterable, what: str, where: str) -> None:
    """Raise S2DInputError if an id occurs twice."""
    twice = [key for key, count in Counter(ids).items() if count > 1]
    if twice:
        raise S2DInputError(f'{where}: {what} {twice[0]!r} occurs more than once; ids must be '
                            'unique')


def check_gt(gt: dict, where: str) -> dict[int, dict]:
    """Check ground truth in YouTube-VIS form.

    Returns:
        Video id to video, ordered by id.

    Raises:
        S2DInputError: If there are no annotations, ids repeat or an annotation fits no video.
    """
    if not isinstance(gt, dict) or not isinstance(gt.get('videos'), list):
        raise S2DInputError(f'{where}: expected YouTube-VIS JSON with a list of videos')
    if not isinstance(gt.get('annotations'), list):
        raise S2DInputError(
            f'{where} has no annotations (a split for a server?), so nothing can be measured; '
            'use an annotated split, or format_only (--format-only) to write the submission')
    for kind, keys in (('videos', ('id', 'height', 'width')),
                       ('annotations', ('id', 'video_id', 'segmentations'))):
        for entry in gt[kind]:
            missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
            if missing:
                raise S2DInputError(f'{where}: expected {", ".join(keys)} in each of its {kind}, '
                                    f'found no {missing[0]} in {str(entry)[:40]!r}')
        _reject_duplicates((entry['id'] for entry in gt[kind]), f'{kind[:-1]} id', where)
    videos = {video['id']: video for video in sorted(gt['videos'], key=lambda v: v['id'])}
    for entry in gt['annotations']:
        if entry['video_id'] not in videos:
            raise S2DInputError(f'{where}: annotation {entry["id"]} is of video '
                                f'{entry["video_id"]!r}, which the file does not list')
    return videos


def video_name(video: dict) -> str:
    """A name for messages: the video's name or folder, and its id."""
    name = video_folder(video)
    return f'video {video["id"]}' if name == str(video['id']) else (
        f'video {name!r} (id {video["id"]})')


def videos_by_name(videos: Iterable[dict], where: str) -> dict[str, dict]:
    """Return videos by name or folder, by which results in files of their own find them.

    Raises:
        S2DInputError: If two have the same.
    """
    found: dict[str, dict] = {}
    for video in videos:
        name = video_folder(video)
        other = found.setdefault(name, video)
        if other is not video:
            raise S2DInputError(f'{where}: the videos {other["id"]} and {video["id"]} are both '
                                f'named {name!r}; give each a name of its own')
    return found


def video_length(video: dict) -> int:
    """Number of annotated frames."""
    return int(video['length'] if 'length' in video else len(video['file_names']))


def check_masks(segmentations: list, size: tuple[int, int], frame_place: Callable[[int], str],
                encoded_here: bool = False) -> tuple[list[dict | None], np.ndarray]:
    """Compressed RLEs and areas of the masks in a list that has None where nothing is.

    Args:
        segmentations: COCO segmentations or None.
        size: Expected (height, width).
        frame_place: Names the place of entry i for an error message.
        encoded_here: They are RLEs of :func:`~s2d_plugins.labels.rle.encode_masks`, which decode
            for sure.

    Returns:
        See :func:`~s2d_plugins.labels.mask_reader.read_masks`.

    Raises:
        S2DInputError: At the first mask that does not decode or has another size.
    """
    if not encoded_here:
        return read_masks(segmentations, size, frame_place)
    present = [index for index, rle in enumerate(segmentations) if rle is not None]
    areas = np.zeros(len(segmentations), np.int64)
    areas[present] = areas_and_boxes([segmentations[index] for index in present])[0]
    for index in present:
        if tuple(segmentations[index]['size']) != tuple(size):
            raise S2DInputError(
                f'{frame_place(index)}: mask of size {tuple(segmentations[index]["size"])}, '
                f'expected (height, width) {tuple(size)} of the video; resize the results')
    return [rle if area else None for rle, area in zip(segmentations, areas, strict=True)], areas


def check_score(score, place: str) -> float:
    """A finite score.

    Raises:
        S2DInputError: If it is missing, NaN or infinite.
    """
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise S2DInputError(f'{place}: score {score!r} is not a finite number')
    return float(score)
