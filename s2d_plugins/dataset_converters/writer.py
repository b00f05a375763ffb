"""The one writer: any source to YouTube-VIS JSON, with one video in memory at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..engines import Engine, LocalEngine, Outcome, Task, Work
from ..errors import Problems, S2DInputError
from ..fileio.json_files import read_json
from ..fileio.whole_files import scratch_folder, write_json
from ..labels.merging import MergeStatistics, write_label_sets
from ..labels.youtube_vis import CATEGORIES, DistinctVideos, make_annotation, make_video
from ..structures import Progress
from .source import Source, SourceVideo


def convert(source: Source, target: str | Path, keep_classes: bool = False, lenient: bool = False,
            progress: Callable[[int, int], None] | None = None, engine: Engine | None = None,
            ) -> tuple[MergeStatistics, list[str]]:
    """Write a source to one label file, whole or not at all.

    Videos are numbered from 1 in the order of the source; their own id stays as ``source_id``.

    Args:
        source: What to read.
        target: File to write.
        keep_classes: Keep the dataset's categories; otherwise all become one, ``object``.
        lenient: Leave out a video that is faulty; otherwise the first fault ends the conversion.
        progress: Called with videos done and their total.
        engine: Reads the videos; by default this process. The file is the same.

    Returns:
        What was written, and the faults of the videos left out.

    Raises:
        S2DInputError: At a fault (lenient: if no video is left), or if the target cannot be
            written.
    """
    problems = Problems(lenient)
    categories = source.categories if keep_classes else CATEGORIES
    if categories is None:
        raise S2DInputError(f'the dataset in {source.image_root} has no categories to keep; '
                            'convert it class-agnostic')
    for fault in source.faults:
        problems.add(fault)
    if engine is None or isinstance(engine, LocalEngine):
        read = _read_here(source, keep_classes, progress)
        return write_label_sets(_label_sets(source, read, problems), target,
                                categories=categories), problems.messages
    with scratch_folder(target) as folder:
        reasons = _read_elsewhere(source, keep_classes, engine, folder, lenient, progress)
        read = (reasons[number] if number in reasons else read_json(folder / f'{number}.json')
                for number in range(len(source.jobs)))
        return write_label_sets(_label_sets(source, read, problems), target,
                                categories=categories), problems.messages


def _read_here(source: Source, keep_classes: bool, progress) -> Iterator[dict | str]:
    """Give the labels of each video, or the line that says why there are none."""
    for done, job in enumerate(source.jobs, start=1):
        try:
            yield _read(source, keep_classes, job)
        except S2DInputError as error:
            yield str(error)
        if progress is not None:
            progress(done, len(source.jobs))


def _read(source: Source, keep_classes: bool, job: Any) -> dict:
    try:
        return _labels(source.read(job), keep_classes)
    except OSError as error:
        raise S2DInputError(f'cannot read {error.filename}: {error.strerror}; check the disk and '
                            'its permissions') from error


def _read_elsewhere(source: Source, keep_classes: bool, engine: Engine, folder: Path,
                    lenient: bool, progress) -> dict[int, str]:
    """Have an engine write the labels of each video to a file; returns why some have none."""
    reasons: dict[int, str] = {}
    done_so_far = 0

    def done(outcome: Outcome) -> None:
        nonlocal done_so_far
        done_so_far += 1
        if outcome.reason is not None:
            if not lenient:
                raise S2DInputError(outcome.reason)
            reasons[outcome.task.content[0]] = outcome.reason
        if progress is not None:
            progress(done_so_far, len(source.jobs))

    tasks = (Task(str(number), (number, job)) for number, job in enumerate(source.jobs))
    engine.run(partial(_make_reader, replace(source, jobs=()), keep_classes, folder), tasks, done,
               shared=[folder])
    return reasons


def _make_reader(source: Source, keep_classes: bool, folder: Path) -> Work:
    def work(content: tuple[int, Any], progress: Progress) -> None:
        number, job = content
        write_json(folder / f'{number}.json', _read(source, keep_classes, job))
    return work


def _label_sets(source: Source, read: Iterable[dict | str], problems: Problems) -> Iterator[dict]:
    written, distinct = 0, DistinctVideos()
    for labels in read:
        try:
            if isinstance(labels, str):
                raise S2DInputError(labels)
            distinct.add(labels['videos'][0], str(source.image_root))
        except S2DInputError as error:
            problems.add(str(error))
        else:
            written += 1
            yield labels
    if not written:
        reason = f'; the first fault: {problems.messages[0]}' if problems.messages else ''
        raise S2DInputError(f'none of the {len(source.jobs)} videos of {source.image_root} can be '
                            f'converted{reason}')


def _labels(video: SourceVideo, keep_classes: bool) -> dict:
    extra = {} if video.source_id is None else dict(source_id=video.source_id)
    entry = {**make_video(1, video.name, video.size, video.file_names), **extra}
    annotations = []
    for instance in video.instances:
        if any(instance.segmentations):
            annotation = make_annotation(len(annotations) + 1, 1, instance.segmentations)
            annotation['iscrowd'] = instance.iscrowd
            if keep_classes:
                annotation['category_id'] = instance.category_id
            annotations.append(annotation)
    return dict(videos=[entry], annotations=annotations)
