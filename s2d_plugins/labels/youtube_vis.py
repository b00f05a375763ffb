"""YouTube-VIS labels: videos and annotations, read, made, joined, named."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import S2DInputError
from ..fileio.json_files import read_json
from ..fileio.json_kinds import Labels
from ..fileio.paths import check_inside, is_inside
from .rle import areas_and_boxes

CATEGORIES = [dict(id=1, name='object')]


def make_video(video_id: int, name: str, size: tuple[int, int],
               file_names: Sequence[str]) -> dict:
    """Describe one video; ``size`` is (height, width), ``file_names`` one file per frame.

    Raises:
        S2DInputError: If a file name would lead out of the folder of the frames on some system.
    """
    outside = next((file_name for file_name in file_names if not is_inside(file_name)), None)
    if outside is not None:
        raise S2DInputError(f'video {name}: a label file cannot name the frame {outside!r}, which '
                            "some system reads as a drive, as absolute or as '..'; rename it")
    return dict(id=video_id, name=name, height=int(size[0]), width=int(size[1]),
                length=len(file_names), file_names=list(file_names))


def make_annotation(annotation_id: int, video_id: int,
                    segmentations: Sequence[dict | None], **extra: Any) -> dict:
    """Describe one instance: per frame an RLE or None, at least one RLE.

    Args:
        annotation_id: Unique in the file.
        video_id: The video it belongs to.
        segmentations: One entry per frame.
        **extra: Keys that readers of the format ignore, such as ``score``, ``one2x`` and
            ``visibility_ranges``.

    Raises:
        S2DInputError: If there is no mask in any frame.
    """
    size = next((rle['size'] for rle in segmentations if rle is not None), None)
    if size is None:
        raise S2DInputError(f'annotation {annotation_id} of video {video_id}: expected a mask in '
                            f'at least one of {len(segmentations)} frames, found none')
    known = areas_and_boxes([rle for rle in segmentations if rle is not None])
    areas, boxes = ([None if rle is None else next(values) for rle in segmentations]
                    for values in (iter(known[0]), iter(known[1])))
    return dict(id=annotation_id, video_id=video_id, category_id=1, iscrowd=0, height=size[0],
                width=size[1], length=len(segmentations), segmentations=list(segmentations),
                bboxes=boxes, areas=areas, **extra)


def video_folder(video: dict) -> str:
    """Return the name of a video: its ``name``, else the folder of its frames, else its id.

    The official YouTube-VIS files have no ``name``.
    """
    files = video.get('file_names') or ['']
    return str(video.get('name') or str(files[0]).rpartition('/')[0] or video['id'])


def make_labels(videos: Sequence[dict], annotations: Sequence[dict]) -> dict:
    """Join videos and annotations to one class-agnostic YouTube-VIS label set."""
    return dict(videos=list(videos), annotations=list(annotations), categories=CATEGORIES)


def merge_labels(label_sets: Iterable[dict]) -> dict:
    """Join label sets of different videos into one, numbering videos and annotations anew."""
    videos: list[dict] = []
    annotations: list[dict] = []
    for labels in label_sets:
        new_ids = {}
        for video in labels['videos']:
            new_ids[video['id']] = len(videos) + 1
            videos.append({**video, 'id': len(videos) + 1})
        for annotation in labels['annotations']:
            annotations.append({**annotation, 'id': len(annotations) + 1,
                                'video_id': new_ids[annotation['video_id']]})
    return make_labels(videos, annotations)


def read_labels(path: str | Path) -> dict:
    """Read and check a label file; ``annotations`` and ``categories`` are lists afterwards.

    Raises:
        S2DInputError: If it is no YouTube-VIS JSON, an id repeats, a file name leads out of the
            folder of the frames, or an annotation is of a video that the file does not list.
    """
    labels = read_json(path, Labels)
    labels['annotations'] = labels.get('annotations') or []
    labels['categories'] = labels.get('categories') or []
    check_labels(labels, path)
    return labels


def check_labels(labels: dict, where: str | Path) -> None:
    """Check what the shape of a label set does not show; see :func:`read_labels`."""
    for kind in ('videos', 'annotations'):
        twice = [key for key, count in Counter(item['id'] for item in labels[kind]).items()
                 if count > 1]
        if twice:
            raise S2DInputError(f'{where}: {kind[:-1]} id {twice[0]!r} occurs more than once; ids '
                                'must be unique')
    ids = {video['id'] for video in labels['videos']}
    for video in labels['videos']:
        place = f'{where}, video {video_folder(video)!r}'
        for name in video['file_names']:
            check_inside(name, place)
        if video.get('length') not in (None, len(video['file_names'])):
            raise S2DInputError(f'{place}: length is {video["length"]}, but it has '
                                f'{len(video["file_names"])} file_names; make the file again')
    for annotation in labels['annotations']:
        if annotation['video_id'] not in ids:
            raise S2DInputError(f'{where}: annotation {annotation["id"]} is of video '
                                f'{annotation["video_id"]!r}, which is not in the file; make the '
                                'file again')
