"""Many label files to one, a file at a time, so that their number does not matter."""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from ..arguments import check_count, check_share
from ..errors import S2DInputError
from ..fileio.stamps import Stamp, stamped
from ..fileio.whole_files import clean_partials, scratch_file, whole_file
from .mask_reader import has_mask
from .youtube_vis import CATEGORIES, DistinctVideos, read_labels


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
                      min_keymasks: int = 1, stamp: Stamp | None = None) -> MergeStatistics:
    """Write the videos and instances of all files to one class-agnostic YouTube-VIS JSON.

    Only one file's content is in memory at a time. Videos and annotations get new ids, and
    categories become one.

    Args:
        paths: Label files of different videos.
        target: File to write, whole or not at all.
        max_one2x: Leave out instances with a larger share of masks that join several objects.
        min_keymasks: Leave out instances with fewer keymasks.
        stamp: What the target is made from, see :mod:`s2d_plugins.fileio.stamps`.

    Raises:
        S2DInputError: If a file is no label file, two videos are the same (see
            :class:`~s2d_plugins.labels.youtube_vis.DistinctVideos`), or the target cannot be
            written.
    """
    return write_label_sets(_read_files(paths), target, max_one2x, min_keymasks, stamp=stamp)


def _read_files(paths: Iterable[Path]) -> Iterable[dict]:
    distinct = DistinctVideos()
    for path in paths:
        labels = read_labels(path)
        for video in labels['videos']:
            distinct.add(video, str(path))
        for annotation in labels['annotations']:
            annotation['category_id'] = 1
        yield labels


def write_label_sets(label_sets: Iterable[dict], target: str | Path, max_one2x: float = 1.0,
                     min_keymasks: int = 1,
                     categories: Sequence[dict] = CATEGORIES, stamp: Stamp | None = None,
                     keep_video_ids: bool = False) -> MergeStatistics:
    """Write label sets of different videos to one YouTube-VIS JSON as they come, with new ids.

    Args:
        label_sets: ``dict(videos, annotations)`` each; only one is in memory at a time. What
            iterating raises ends the writing, and ``target`` stays as it was.
        target: File to write, whole or not at all.
        max_one2x: As in :func:`merge_label_files`.
        min_keymasks: As in :func:`merge_label_files`.
        categories: Of the whole file.
        stamp: As in :func:`merge_label_files`.
        keep_video_ids: Videos keep their ids, which then all differ; annotations get new ones.

    Raises:
        S2DInputError: If a limit is out of its range or the target cannot be written.
    """
    check_share('merging', max_one2x=max_one2x)
    check_count('merging', min_keymasks=min_keymasks)
    target = Path(target)
    clean_partials(target.parent)
    statistics = MergeStatistics()
    with whole_file(target) as whole, scratch_file(target) as part:
        with whole.open('w') as videos, part.open('w') as annotations:
            start = json.dumps(stamped(stamp, {}))[:-1] + ', ' if stamp else '{'
            videos.write(f'{start}"videos": [\n')
            for labels in label_sets:
                _add(labels, videos, annotations, statistics, max_one2x, min_keymasks,
                     keep_video_ids)
            videos.write('\n], "annotations": [\n')
        with whole.open('a') as file, part.open() as annotations:
            shutil.copyfileobj(annotations, file, 2**20)
            file.write(f'\n], "categories": {json.dumps(list(categories))}}}\n')
    return statistics


def _add(labels: dict, videos: TextIO, annotations: TextIO, statistics: MergeStatistics,
         max_one2x: float, min_keymasks: int, keep_video_ids: bool) -> None:
    new_ids: dict[int | str, int | str] = {}
    with_keymasks: dict[int | str, set[int]] = {}
    for video in labels['videos']:
        statistics.videos += 1
        statistics.frames += len(video['file_names'])
        new_ids[video['id']] = video['id'] if keep_video_ids else statistics.videos
        with_keymasks[video['id']] = set()
        _write_item(videos, {**video, 'id': new_ids[video['id']]}, statistics.videos)
    for annotation in labels['annotations']:
        frames = [t for t, rle in enumerate(annotation['segmentations']) if has_mask(rle)]
        if (annotation.get('one2x') or 0) > max_one2x:
            statistics.dropped_one2x += 1
            continue
        if len(frames) < max(min_keymasks, 1):
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
    try:
        file.write((',\n' if number > 1 else '') + json.dumps(item, allow_nan=False))
    except RecursionError as error:
        raise S2DInputError(f'item {item["id"]} of the labels is nested too deeply; make them '
                            'again') from error
    except ValueError as error:
        raise S2DInputError(f'item {item["id"]} of the labels holds a number that is NaN or '
                            'infinite, which JSON does not have; make them again') from error


def _bin(count: int) -> str:
    for low, high in _BINS:
        if high is None:
            return f'{low}+'
        if low <= count <= high:
            return f'{low}-{high}'
    raise AssertionError(f'no bin for {count} keymasks')
