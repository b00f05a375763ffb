"""Dense labels: the EMA teacher labels every frame (S2D, arXiv 2512.14440)."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ..labels.youtube_vis import make_annotation, make_labels, make_video, video_folder
from ..structures import Frames
from ..video.lazy_frames import LazyFrames
from .segmenter import VideoSegmenter


def densify_clip(segmenter: VideoSegmenter, frames: Frames, name: str,
                 file_names: Sequence[str], video_id: int = 1,
                 progress: Callable[[int, int], None] | None = None) -> dict:
    """Label every frame of one clip with a model's confident tubes.

    Args:
        segmenter: With the threshold that makes a tube a label in its settings.
        frames: Frame sequence.
        name: Name of the clip.
        file_names: One file name per frame, relative to the data root of the label file.
        video_id: Id of the clip in the labels.
        progress: Called with (frames done, frames in all).

    Returns:
        YouTube-VIS labels; every annotation has its tube's ``score``.
    """
    tubes = segmenter.segment(frames, progress=progress)
    annotations = [make_annotation(number, video_id, tube.segmentations, score=tube.score)
                   for number, tube in enumerate(tubes, 1)]
    size = frames[0].shape[:2]
    return make_labels([make_video(video_id, name, size, file_names)], annotations)


def densify_labels(segmenter: VideoSegmenter, videos: Sequence[dict], data_root: str | Path,
                   progress: Callable[[int, int], None] | None = None) -> dict:
    """Label every frame of the videos of a YouTube-VIS file.

    Args:
        segmenter: As in :func:`densify_clip`.
        videos: The file's ``videos``; their ids are kept.
        data_root: Folder that their ``file_names`` are relative to.
        progress: Called with (videos done, videos in all).

    Raises:
        S2DInputError: If a frame is missing or broken.
    """
    annotations: list[dict] = []
    for number, video in enumerate(videos, 1):
        paths = [Path(data_root) / name for name in video['file_names']]
        labels = densify_clip(segmenter, LazyFrames.of_files(paths), video_folder(video),
                              video['file_names'], video['id'])
        annotations += [{**annotation, 'id': len(annotations) + position}
                        for position, annotation in enumerate(labels['annotations'], 1)]
        if progress is not None:
            progress(number, len(videos))
    return make_labels(videos, annotations)
