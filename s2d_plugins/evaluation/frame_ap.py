"""Class-agnostic mask AP and AR of single frames: the COCO protocol, for proposals."""

from collections import defaultdict
from collections.abc import Container, Iterable

import numpy as np

from ..errors import Problems, S2DInputError
from ..fileio.json_files import check_content
from ..fileio.json_kinds import ScoredFrames, ScoredMask
from ..labels.rle import intersections
from ..labels.youtube_vis import video_title, videos_by_name
from .average_precision import Group, average_precision, top_order
from .checks import check_gt, check_masks, check_score, read_gt_masks, stated_areas

#: Areas in pixels between which COCO calls an object medium-sized.
MEDIUM_IMAGE = (32**2, 96**2)


def _read_gt(annotations: list[dict], videos: dict, where: str) -> dict[tuple, list[tuple]]:
    """(video id, frame) to the objects in it: RLE, area, stated area, crowd."""
    objects = defaultdict(list)
    for entry in annotations:
        rles, areas = read_gt_masks(entry, videos[entry['video_id']], where)
        stated = stated_areas(entry, areas)
        for frame, rle in enumerate(rles):
            if rle is not None:
                objects[entry['video_id'], frame].append(
                    (rle, areas[frame], stated[frame], bool(entry.get('iscrowd'))))
    return objects


def _group(masks: list[tuple], objects: list[tuple]) -> Group:
    """Masks are (RLE, area, score); the overlap with a crowd is the share of the mask in it."""
    masks = [masks[i] for i in top_order(np.array([score for *_, score in masks]))]
    areas = np.array([area for _, area, _ in masks], np.int64)
    gt_areas = np.array([area for _, area, *_ in objects], np.int64)
    crowd = np.array([flag for *_, flag in objects], bool)
    common = intersections([rle for rle, *_ in masks], [rle for rle, *_ in objects], areas,
                           gt_areas)
    union = np.where(crowd, areas[:, None], areas[:, None] + gt_areas - common)
    return Group(iou=common / np.maximum(union, 1),
                 scores=np.array([score for *_, score in masks], dtype=float),
                 areas=areas.astype(float),
                 gt_areas=np.array([stated for _, _, stated, _ in objects], dtype=float),
                 crowd=crowd)


def _check_frame(masks: list[tuple[int, dict]], size: tuple, place: str) -> list[tuple]:
    """(RLE, area, score) of numbered masks, without empty ones."""
    for number, mask in masks:
        check_content(mask, ScoredMask, f'{place}, mask {number}')
    scores = [check_score(mask['score'], f'{place}, mask {number}') for number, mask in masks]
    rles, areas = check_masks([mask['segmentation'] for _, mask in masks], size,
                              lambda index: f'{place}, mask {masks[index][0]}')
    return [item for item in zip(rles, areas, scores, strict=True) if item[0] is not None]


def _read_masks(frame: list[dict], size: tuple, place: str, problems: Problems) -> list[tuple]:
    masks = list(enumerate(frame))
    try:
        return _check_frame(masks, size, place)
    except S2DInputError:
        result = []  # one of them is bad: find it, and keep the others if lenient
    for mask in masks:
        try:
            result += _check_frame([mask], size, place)
        except S2DInputError as error:
            problems.add(str(error))
    return result


def _frames_by_name(proposals: Iterable[dict], known: Container[str], gt_name: str,
                    results_name: str, problems: Problems) -> dict[str, list]:
    """Return the frames of each video that is known."""
    frames: dict[str, list] = {}
    for number, content in enumerate(proposals):
        try:
            check_content(content, ScoredFrames, f'{results_name}, content {number}')
        except S2DInputError as error:
            problems.add(str(error))
            continue
        name = content['video']
        if name in frames:
            problems.add(f'{results_name}: video {name!r} occurs more than once; keep one file')
        elif name not in known:
            problems.add(f'{results_name}: video {name!r} is not in {gt_name}')
        else:
            frames[name] = content['frames']
    return frames


def evaluate_frames(gt: dict, proposals: Iterable[dict], *, lenient: bool = False,
                    gt_name: str = 'ground truth', results_name: str = 'proposals',
                    ) -> dict[str, float]:
    """AP and AR of masks in single frames, every annotated frame an image of its own.

    Args:
        gt: YouTube-VIS labels with annotations; categories do not matter.
        proposals: Contents of proposals files, ``dict(video, frames)`` with per frame a list of
            ``dict(segmentation, score)``; ``video`` is a video's name in the labels.
        lenient: Leave bad masks and unknown videos out, and take missing frames as empty, with
            a warning and their count.
        gt_name: Name of the ground truth's file, for messages.
        results_name: Name of the proposals, for messages.

    Returns:
        See :func:`~s2d_plugins.evaluation.average_precision.average_precision`.

    Raises:
        S2DInputError: At bad input, naming video and frame.
    """
    (videos, annotations), problems = check_gt(gt, gt_name), Problems(lenient)
    objects = _read_gt(annotations, videos, gt_name)
    by_name = videos_by_name(videos.values(), gt_name)
    frames = _frames_by_name(proposals, by_name, gt_name, results_name, problems)
    groups = []
    for name, video in by_name.items():
        length, place = len(video['file_names']), f'{results_name}, {video_title(video)}'
        found = frames.get(name, [])
        if len(found) != length:
            problems.add(f'{place}: {len(found)} frames, expected {length} as in {gt_name}')
        for number in range(length):
            masks = _read_masks(found[number] if number < len(found) else [],
                                (video['height'], video['width']), f'{place}, frame {number}',
                                problems)
            groups.append(_group(masks, objects[video['id'], number]))
    problems.warn()
    return average_precision(groups, MEDIUM_IMAGE)
