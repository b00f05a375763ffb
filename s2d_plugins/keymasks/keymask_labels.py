"""Discovered instances as one clip's YouTube-VIS labels."""

from collections.abc import Sequence

from ..labels.youtube_vis import make_annotation, make_labels, make_video
from ..structures import KeymaskInstance
from .frame_masks import FrameMasks


def to_labels(instances: Sequence[KeymaskInstance], masks: Sequence, name: str,
              size: tuple[int, int], file_names: Sequence[str], video_id: int = 1,
              scores: Sequence[Sequence[float]] | None = None) -> dict:
    """Turn the result of discovery into labels: an RLE where there is a keymask, else null.

    Args:
        instances: What :meth:`KeymaskDiscovery.discover` returned for these masks.
        masks: The masks that were given to it.
        name: Name of the clip.
        size: (H, W) of its frames.
        file_names: One file name per frame.
        video_id: Id of the clip.
        scores: Per frame the scores of its masks; an instance gets the mean over its keymasks as
            ``proposal_score``. A ``score`` is what tells dense labels from keymasks.

    Returns:
        Labels with one video; annotations carry ``one2x`` and ``visibility_ranges``.
    """
    frame_masks = FrameMasks(masks, size)
    annotations = []
    for number, instance in enumerate(instances, start=1):
        segmentations = [None] * len(frame_masks)
        for frame, index in instance.masks.items():
            segmentations[frame] = frame_masks.rle(frame, index)
        extra = {} if scores is None else dict(proposal_score=_mean_score(instance, scores))
        annotations.append(make_annotation(
            number, video_id, segmentations, one2x=instance.one2x,
            visibility_ranges=[list(span) for span in instance.visibility_ranges], **extra))
    return make_labels([make_video(video_id, name, size, file_names)], annotations)


def _mean_score(instance: KeymaskInstance, scores: Sequence[Sequence[float]]) -> float:
    found = [scores[frame][index] for frame, index in instance.masks.items()]
    return round(sum(found) / len(found), 4)
