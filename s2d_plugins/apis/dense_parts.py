"""Dense labels of many videos: a file for each while they are made, then one of all.

The files of single videos are what a run goes on from, and what several processes share: which of
them made a file cannot be told from it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..devices import choose_device
from ..errors import S2DInputError
from ..fileio.digests import file_digest
from ..fileio.paths import check_inside, unique_names
from ..fileio.stamps import Review, Stamp, make_stamp, stamped
from ..fileio.whole_files import write_json
from ..labels.merging import MergeStatistics, write_label_sets
from ..labels.rle import resized_masks
from ..labels.youtube_vis import read_labels, video_folder, video_title, videos_by_name
from ..registry import TASK_UTILS
from ..structures import Progress
from .densify import densify_video
from .journal import VideoJournal, remove_journal
from .segmenter import VideoSegmenter

#: Takes the dense annotations of a video and its keymasks; gives the annotations that stay.
Support = Callable[[list[dict], list[dict]], list[dict]]


@dataclass(frozen=True)
class DensePart:
    """One video and the file of its dense labels.

    Attributes:
        name: No other part has it.
        video: Entry of the label file.
        path: File for its labels.
        keymasks: Annotations that judge its tubes; None if nothing does.
    """

    name: str
    video: dict
    path: Path
    keymasks: list[dict] | None = None

    @property
    def journal_folder(self) -> Path:
        """Where what is done of it is kept until all is."""
        return self.path.with_name(f'.{self.path.stem}.journal')

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.video['file_names'])


def list_parts(videos: Sequence[dict], folder: str | Path) -> list[DensePart]:
    """List the parts of a label file's videos, in their order.

    Args:
        videos: The file's ``videos``.
        folder: Folder for the parts.
    """
    names = unique_names([video_folder(video) for video in videos])
    return [DensePart(name, video, Path(folder) / f'{name}.json')
            for name, video in zip(names, videos, strict=True)]


def read_keymasks(path: str | Path, videos: Sequence[dict]) -> list[list[dict]]:
    """Read the annotations that judge the tubes of some videos, which are found by their names.

    Args:
        path: YouTube-VIS JSON.
        videos: Entries of another label file, with the same frames.

    Returns:
        The annotations of each video.

    Raises:
        S2DInputError: If the file is broken, has not all of the videos or has other frames.
    """
    labels = read_labels(path)
    named = videos_by_name(labels['videos'], str(path))
    found: dict[object, list[dict]] = {}
    for video in videos:
        known = named.get(video_folder(video))
        if known is None or list(known['file_names']) != list(video['file_names']):
            lack = 'no such video' if known is None else 'other file_names'
            raise S2DInputError(f'{path}: expected keymasks of {video_title(video)} in its '
                                f'{len(video["file_names"])} frames, found {lack}; give the '
                                'keymasks of the videos that are labelled')
        found[known['id']] = []
    for annotation in labels['annotations']:
        found.get(annotation['video_id'], []).append(annotation)
    return [found[named[video_folder(video)]['id']] for video in videos]


def judged_parts(parts: Sequence[DensePart], keymasks: Sequence[list[dict]]) -> list[DensePart]:
    """Return the parts with what :func:`read_keymasks` found for the video of each."""
    return [replace(part, keymasks=known)
            for part, known in zip(parts, keymasks, strict=True)]


def model_stamp(model: object, checkpoint: str | Path, segmenter: VideoSegmenter,
                support: dict | None = None) -> Stamp:
    """Return what tells the labels of one model from those of another, or of other settings.

    Args:
        model: Config of the model.
        checkpoint: File of its weights.
        segmenter: With the settings.
        support: Config of what judges tubes by keymasks, if anything does.
    """
    settings = dict(segmenter.settings, scale=segmenter.scale,
                    resize_backend=segmenter.resize_backend)
    weights = file_digest(checkpoint) if Path(checkpoint).is_file() else str(checkpoint)
    return make_stamp(model=model, checkpoint=weights, settings=settings,
                      **dict(support=support) if support else {})


def part_stamp(part: DensePart, data_root: str | Path, model: Stamp) -> Stamp:
    """Return what a part's labels are made from: :func:`model_stamp`, video, frames, keymasks."""
    judges = {} if part.keymasks is None else dict(keymasks=part.keymasks)
    return {**make_stamp(video=part.video, frames=list(_frame_files(part, Path(data_root))),
                         **judges),
            **model}


def _frame_files(part: DensePart, data_root: Path) -> Iterator[tuple]:
    """Name, size and time of change of each frame; None for both where it cannot be read."""
    for name in part.video['file_names']:
        path = data_root / check_inside(name, video_title(part.video))
        try:
            found = os.stat(path)
        except (OSError, ValueError):  # told when it is worked on
            yield name, None, None
        else:
            yield name, found.st_size, found.st_mtime_ns


def review_parts(parts: Sequence[DensePart], data_root: str | Path, model: Stamp) -> Review:
    """Look which parts that are there were made from something else.

    What a kill has left beside a part that is there and holds is removed.
    """
    review = Review()
    for part in parts:
        if part.path.exists() and review.holds(part.name, part.path,
                                               partial(part_stamp, part, data_root, model)):
            remove_journal(part.journal_folder)
    return review


def make_part(segmenter: VideoSegmenter, part: DensePart, data_root: str | Path, model: Stamp,
              progress: Callable[[int, int], None] | None = None,
              support: Support | None = None) -> None:
    """Label a part's video and write its file, whole or not at all.

    What is done of a long video is kept beside the file until then, and gone on from.

    Args:
        segmenter: As in :func:`~s2d_plugins.apis.densify.densify_clip`.
        part: What to make.
        data_root: Folder that the video's ``file_names`` are relative to.
        model: What :func:`model_stamp` returned.
        progress: Called with (frames done, frames in all).
        support: Judges the tubes of a part that has keymasks.

    Raises:
        S2DInputError: As :func:`~s2d_plugins.apis.densify.densify_video`, or if the file cannot
            be written.
    """
    stamp = part_stamp(part, data_root, model)
    journal = VideoJournal(part.journal_folder, stamp)
    labels = densify_video(segmenter, part.video, data_root, progress, journal)
    if support is not None and part.keymasks is not None:
        size = part.video['height'], part.video['width']
        known = [dict(one, segmentations=resized_masks(one['segmentations'], size))
                 for one in part.keymasks]
        labels['annotations'] = support(labels['annotations'], known)
    write_json(part.path, stamped(stamp, labels))
    journal.remove()


def make_labeller(config: str | Path, checkpoint: str | Path, device: str | None,
                  settings: dict, data_root: str | Path, model: Stamp,
                  judge: dict | None = None) -> Callable[[DensePart, Progress], None]:
    """Make what labels a part's video, also in another process.

    Args:
        config: As of :meth:`VideoSegmenter.from_files`.
        checkpoint: As there.
        device: By default a GPU where there is one.
        settings: As there.
        data_root: As of :func:`make_part`.
        model: As there.
        judge: Config of its ``support``, if there is one.
    """
    segmenter = VideoSegmenter.from_files(config, checkpoint, choose_device(device), **settings)
    support = TASK_UTILS.build(judge) if judge else None

    def work(part: DensePart, progress: Progress) -> None:
        make_part(segmenter, part, data_root, model, progress, support)
    return work


def merge_parts(parts: Iterable[DensePart], target: str | Path) -> MergeStatistics:
    """Write the labels of all parts to one file, in their order; videos keep their ids.

    A part at a time is in memory.

    Raises:
        S2DInputError: If a part is missing or broken, or the target cannot be written.
    """
    return write_label_sets((read_labels(part.path) for part in parts), target,
                            keep_video_ids=True)
