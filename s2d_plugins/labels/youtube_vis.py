"""YouTube-VIS labels: videos and annotations, read, made, joined, named."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import S2DInputError
from ..fileio.json_files import check_content, read_json
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


def video_title(video: dict) -> str:
    """Return what a message calls a video: its name, see :func:`video_folder`, and its id."""
    name = video_folder(video)
    return f'video {name}' if name == str(video['id']) else f'video {name!r} (id {video["id"]})'


def make_labels(videos: Sequence[dict], annotations: Sequence[dict]) -> dict:
    """Join videos and annotations to one class-agnostic YouTube-VIS label set."""
    return dict(videos=list(videos), annotations=list(annotations), categories=CATEGORIES)


def merge_labels(label_sets: Iterable[dict]) -> dict:
    """Join label sets of different videos into one, numbering videos and annotations anew.

    The result is class-agnostic whatever the categories were.

    Raises:
        S2DInputError: If two videos are the same, see :class:`DistinctVideos`.
    """
    videos: list[dict] = []
    annotations: list[dict] = []
    distinct = DistinctVideos()
    for number, labels in enumerate(label_sets):
        new_ids = {}
        for video in labels['videos']:
            distinct.add(video, f'label set {number}')
            new_ids[video['id']] = len(videos) + 1
            videos.append({**video, 'id': len(videos) + 1})
        for annotation in labels['annotations']:
            annotations.append({**annotation, 'id': len(annotations) + 1, 'category_id': 1,
                                'video_id': new_ids[annotation['video_id']]})
    return make_labels(videos, annotations)


class DistinctVideos:
    """Takes videos one by one and says where one has come before.

    Videos are the same if they have one name (see :func:`video_folder`) or one first frame: what
    is made of the one would go where that of the other is, or counts twice.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def add(self, video: dict, where: str) -> None:
        """Take one more video.

        Args:
            video: Entry of a label file.
            where: Which file it is from, for messages.

        Raises:
            S2DInputError: If it has come before.
        """
        name = video_folder(video)
        marks = [('name', name), *(('first frame', file) for file in video['file_names'][:1])]
        for mark in marks:
            if mark in self._known:
                other = self._known[mark]
                raise S2DInputError(
                    f'{where}: video {name!r} has the {mark[0]} {mark[1]!r} of another video'
                    f'{"" if other == where else f", of {other}"}; keep one, or rename it')
        self._known.update(dict.fromkeys(marks, where))


def videos_by_name(videos: Iterable[dict], where: str) -> dict[str, dict]:
    """Return name (see :func:`video_folder`) to video.

    Raises:
        S2DInputError: If two have the same name.
    """
    named: dict[str, dict] = {}
    for video in videos:
        other = named.setdefault(video_folder(video), video)
        if other is not video:
            raise S2DInputError(f'{where}: the videos {other["id"]} and {video["id"]} are both '
                                f'named {video_folder(video)!r}; give each a name of its own')
    return named


def read_labels(path: str | Path) -> dict:
    """Read and check a label file; see :func:`checked_labels`."""
    return checked_labels(read_json(path), path)


def checked_labels(content: Any, where: str | Path) -> dict:
    """Check what may be the content of a label file.

    Args:
        content: What was read; it stays as it is.
        where: The file, for messages.

    Returns:
        The content, with lists as ``annotations`` and ``categories``.

    Raises:
        S2DInputError: If it is no YouTube-VIS JSON, an id repeats, a file name leads out of the
            folder of the frames, or an annotation is of a video that the file does not list or
            has not one entry per frame.
    """
    check_content(content, Labels, where)
    labels = dict(content, annotations=content.get('annotations') or [],
                  categories=content.get('categories') or [])
    for kind in ('videos', 'annotations'):
        twice = [key for key, count in Counter(item['id'] for item in labels[kind]).items()
                 if count > 1]
        if twice:
            raise S2DInputError(f'{where}: {kind[:-1]} id {twice[0]!r} occurs more than once; ids '
                                'must be unique')
    for video in labels['videos']:
        _check_video(video, f'{where}, {video_title(video)}')
    videos = {video['id']: video for video in labels['videos']}
    for annotation in labels['annotations']:
        if annotation['video_id'] not in videos:
            raise S2DInputError(f'{where}: annotation {annotation["id"]} is of video '
                                f'{annotation["video_id"]!r}, which is not in the file; make the '
                                'file again')
        check_length(annotation, videos[annotation['video_id']], where)
    return labels


def check_length(annotation: dict, video: dict, where: str | Path) -> None:
    """Check that an annotation has one entry of ``segmentations`` per frame of its video.

    Raises:
        S2DInputError: If it has not.
    """
    found, expected = len(annotation['segmentations']), len(video['file_names'])
    if found != expected:
        raise S2DInputError(f'{where}, {video_title(video)}: annotation {annotation["id"]} has '
                            f'{found} segmentations, expected one per frame, {expected}; make '
                            'the file again')


def _check_video(video: dict, where: str) -> None:
    for name in video['file_names']:
        check_inside(name, where)
    if video.get('length') not in (None, len(video['file_names'])):
        raise S2DInputError(f'{where}: length is {video["length"]}, but it has '
                            f'{len(video["file_names"])} file_names; make the file again')
