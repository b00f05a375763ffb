"""The one writer: any source to YouTube-VIS JSON, with one video in memory at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import Problems, S2DInputError
from ..labels.merging import MergeStatistics, write_label_sets
from ..labels.youtube_vis import CATEGORIES, DistinctVideos, make_annotation, make_video
from .source import Source, SourceVideo


def convert(source: Source, target: str | Path, keep_classes: bool = False, lenient: bool = False,
            progress: Callable[[int, int], None] | None = None,
            ) -> tuple[MergeStatistics, list[str]]:
    """Write a source to one label file, whole or not at all.

    Videos are numbered from 1 in the order of the source; their own id stays as ``source_id``.

    Args:
        source: What to read.
        target: File to write.
        keep_classes: Keep the dataset's categories; otherwise all become one, ``object``.
        lenient: Leave out a video that is faulty; otherwise the first fault ends the conversion.
        progress: Called with videos done and their total.

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
    label_sets = _label_sets(source, keep_classes, problems, progress)
    return write_label_sets(label_sets, target, categories=categories), problems.messages


def _label_sets(source: Source, keep_classes: bool, problems: Problems, progress) -> Iterator[dict]:
    for fault in source.faults:
        problems.add(fault)
    written, distinct = 0, DistinctVideos()
    for done, job in enumerate(source.jobs, start=1):
        try:
            labels = _labels(source.read(job), keep_classes)
            distinct.add(labels['videos'][0], str(source.image_root))
        except S2DInputError as error:
            problems.add(str(error))
        except OSError as error:
            problems.add(f'cannot read {error.filename}: {error.strerror}; check the disk and its '
                         'permissions')
        else:
            written += 1
            yield labels
        if progress is not None:
            progress(done, len(source.jobs))
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
