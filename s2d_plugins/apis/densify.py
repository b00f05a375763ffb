"""Dense labels: the EMA teacher labels every frame (S2D, arXiv 2512.14440)."""

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from ..errors import S2DInputError
from ..fileio.paths import check_inside
from ..labels.youtube_vis import (
    make_annotation,
    make_labels,
    make_video,
    video_folder,
    video_title,
)
from ..structures import Frames
from ..video.lazy_frames import LazyFrames
from .journal import VideoJournal
from .segmenter import VideoSegmenter


def densify_clip(segmenter: VideoSegmenter, frames: Frames, name: str,
                 file_names: Sequence[str], video_id: int = 1,
                 progress: Callable[[int, int], None] | None = None,
                 journal: VideoJournal | None = None) -> dict:
    """Label every frame of one clip with a model's confident tubes.

    Args:
        segmenter: With the threshold that makes a tube a label in its settings.
        frames: Frame sequence.
        name: Name of the clip.
        file_names: One file name per frame, relative to the data root of the label file.
        video_id: Id of the clip in the labels.
        progress: Called with (frames done, frames in all).
        journal: Keeps what is done of it, so that a stopped run goes on.

    Returns:
        YouTube-VIS labels; every annotation has its tube's ``score``.
    """
    tubes = segmenter.segment(frames, progress=progress, journal=journal)
    annotations = [make_annotation(number, video_id, tube.segmentations, score=tube.score)
                   for number, tube in enumerate(tubes, 1)]
    size = frames[0].shape[:2]
    return make_labels([make_video(video_id, name, size, file_names)], annotations)


def densify_labels(segmenter: VideoSegmenter, videos: Sequence[dict], data_root: str | Path,
                   progress: Callable[[int, int], None] | None = None,
                   contained: Callable[[str], AbstractContextManager] | None = None) -> dict:
    """Label every frame of the videos of a YouTube-VIS file.

    Args:
        segmenter: As in :func:`densify_clip`.
        videos: The file's ``videos``; their ids are kept.
        data_root: Folder that their ``file_names`` are relative to.
        progress: Called with (videos done, videos in all).
        contained: Makes a context manager for the work on a video, given its name. An error that
            it swallows leaves the video out of the labels; by default the first error ends all.

    Raises:
        S2DInputError: If a frame is missing, broken, outside of the folder or of another size than
            its video.
    """
    labelled: list[dict] = []
    annotations: list[dict] = []
    for number, video in enumerate(videos, 1):
        name = video_folder(video)
        with contextlib.nullcontext() if contained is None else contained(name):
            labels = densify_video(segmenter, video, data_root)
            labelled.append(video)
            annotations += [{**annotation, 'id': len(annotations) + position}
                            for position, annotation in enumerate(labels['annotations'], 1)]
        if progress is not None:
            progress(number, len(videos))
    return make_labels(labelled, annotations)


def densify_video(segmenter: VideoSegmenter, video: dict, data_root: str | Path,
                  progress: Callable[[int, int], None] | None = None,
                  journal: VideoJournal | None = None) -> dict:
    """Label every frame of one video of a YouTube-VIS file; it keeps its id.

    Args:
        segmenter: As in :func:`densify_clip`.
        video: Entry of the file.
        data_root: As in :func:`densify_labels`.
        progress: As in :func:`densify_clip`.
        journal: As there.

    Raises:
        S2DInputError: As :func:`densify_labels`.
    """
    labels = densify_clip(segmenter, _open_frames(video, Path(data_root)), video_folder(video),
                          video['file_names'], video['id'], progress, journal)
    return make_labels([video], labels['annotations'])


def _open_frames(video: dict, data_root: Path) -> LazyFrames:
    title = video_title(video)
    paths = [data_root / check_inside(name, title) for name in video['file_names']]
    frames, size = LazyFrames.of_files(paths), (video['height'], video['width'])
    if frames[0].shape[:2] != size:
        found = ' x '.join(map(str, frames[0].shape[:2]))
        raise S2DInputError(f'{title}: the frame {paths[0]} is {found} (height x width), the '
                            f'labels say {size[0]} x {size[1]}; give the frames that the labels '
                            'were made from')
    return frames
