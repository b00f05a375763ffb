"""Many label files to one, a file at a time, so that their number does not matter."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from ..errors import S2DInputError
from ..fileio.json_files import read_json
from .youtube_vis import CATEGORIES


@dataclass
class MergeStatistics:
    """What was merged.

    Attributes:
        videos: Number of videos.
        videos_without_instances: Those of them with no instance left.
        frames: Frames of all videos.
        frames_with_keymasks: Those with at least one keymask.
        instances: Instances kept.
        dropped_one2x: Instances left out because of their ``one2x``.
        dropped_few: Instances left out because they have too few keymasks.
        keymasks: Keymasks kept.
        keymasks_per_instance: Number of instances by number of keymasks: '1-4', '5-9', ...
    """

    videos: int = 0
    videos_without_instances: int = 0
    frames: int = 0
    frames_with_keymasks: int = 0
    instances: int = 0
    dropped_one2x: int = 0
    dropped_few: int = 0
    keymasks: int = 0
    keymasks_per_instance: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """Return plain values for JSON."""
        return asdict(self)


_BINS = ((1, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, None))


def merge_label_files(paths: Iterable[Path], target: str | Path, max_one2x: float = 1.0,
                      min_keymasks: int = 1) -> MergeStatistics:
    """Write the videos and instances of all files to one YouTube-VIS JSON, with new ids.

    Only one file's content is in memory at a time.

    Args:
        paths: Label files of different videos.
        target: File to write, whole or not at all.
        max_one2x: Leave out instances with a larger share of masks that join several objects.
        min_keymasks: Leave out instances with fewer keymasks.

    Raises:
        S2DInputError: If a file is no label file or the target cannot be written.
    """
    return write_label_sets((_read_labels(path) for path in paths), target, max_one2x,
                            min_keymasks)


def write_label_sets(label_sets: Iterable[dict], target: str | Path, max_one2x: float = 1.0,
                     min_keymasks: int = 1,
                     categories: Sequence[dict] = CATEGORIES) -> MergeStatistics:
    """Write label sets of different videos to one YouTube-VIS JSON as they come, with new ids.

    Args:
        label_sets: ``dict(videos, annotations)`` each; only one is in memory at a time. What
            iterating raises ends the writing, and ``target`` stays as it was.
        target: File to write, whole or not at all.
        max_one2x: As in :func:`merge_label_files`.
        min_keymasks: As in :func:`merge_label_files`.
        categories: Of the whole file.

    Raises:
        S2DInputError: If the target cannot be written.
    """
    target = Path(target)
    statistics = MergeStatistics()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f'.{target.name}.') as folder:
            parts = [Path(folder) / name for name in ('videos', 'annotations')]
            with parts[0].open('w') as videos, parts[1].open('w') as annotations:
                for labels in label_sets:
                    _add(labels, videos, annotations, statistics, max_one2x, min_keymasks)
            whole = Path(folder) / 'whole'
            _join(parts, whole, categories)
            os.replace(whole, target)
    except OSError as error:
        raise S2DInputError(f'cannot write {target}: {error.strerror or error}; free space or '
                            'choose another place') from error
    return statistics


def _read_labels(path: Path) -> dict:
    labels = read_json(path)
    if not isinstance(labels, dict) or not {'videos', 'annotations'} <= labels.keys():
        raise S2DInputError(f'{path} is not a label file: expected the keys videos and '
                            'annotations; make it with tools/discover_keymasks.py')
    return labels


def _add(labels: dict, videos: TextIO, annotations: TextIO, statistics: MergeStatistics,
         max_one2x: float, min_keymasks: int) -> None:
    new_ids: dict[int, int] = {}
    with_keymasks: dict[int, set[int]] = {}
    for video in labels['videos']:
        statistics.videos += 1
        statistics.frames += len(video['file_names'])
        new_ids[video['id']] = statistics.videos
        with_keymasks[video['id']] = set()
        _write_item(videos, {**video, 'id': statistics.videos}, statistics.videos)
    for annotation in labels['annotations']:
        frames = [t for t, rle in enumerate(annotation['segmentations']) if rle is not None]
        if annotation.get('one2x', 0) > max_one2x:
            statistics.dropped_one2x += 1
            continue
        if len(frames) < min_keymasks:
            statistics.dropped_few += 1
            continue
        statistics.instances += 1
        statistics.keymasks += len(frames)
        bin_name = _bin(len(frames))
        statistics.keymasks_per_instance[bin_name] = (
            statistics.keymasks_per_instance.get(bin_name, 0) + 1)
        with_keymasks[annotation['video_id']].update(frames)
        _write_item(annotations, {**annotation, 'id': statistics.instances,
                                  'video_id': new_ids[annotation['video_id']]},
                    statistics.instances)
    statistics.videos_without_instances += sum(
        1 for frames in with_keymasks.values() if not frames)
    statistics.frames_with_keymasks += sum(len(frames) for frames in with_keymasks.values())


def _write_item(file: TextIO, item: dict, number: int) -> None:
    file.write((',\n' if number > 1 else '') + json.dumps(item))


def _join(parts: list[Path], whole: Path, categories: Sequence[dict]) -> None:
    with whole.open('w') as file:
        file.write('{"videos": [\n')
        for part, after in zip(parts, ('\n], "annotations": [\n', '\n], "categories": '),
                               strict=True):
            with part.open() as content:
                shutil.copyfileobj(content, file, 2**20)
            file.write(after)
        file.write(json.dumps(list(categories)) + '}\n')


def _bin(count: int) -> str:
    for low, high in _BINS:
        if high is None:
            return f'{low}+'
        if low <= count <= high:
            return f'{low}-{high}'
    raise AssertionError(f'no bin for {count} keymasks')
