"""Tubes of shots as results of a whole video."""

from collections.abc import Sequence

from ..models.window_inference import Tube


def join_shots(shots: Sequence[tuple[int, Sequence[Tube]]], num_frames: int) -> list[Tube]:
    """Put the tubes of a video's shots into its whole length.

    Args:
        shots: First frame in the video, and tubes, of each shot.
        num_frames: Length of the video.

    Returns:
        All tubes, with None outside of their shot; best first within each shot.
    """
    joined = []
    for start, tubes in shots:
        for tube in tubes:
            after = num_frames - start - len(tube.segmentations)
            joined.append(Tube(tube.score,
                               [None] * start + tube.segmentations + [None] * after))
    return joined


def to_results(tubes: Sequence[Tube], video_id: int = 1) -> list[dict]:
    """Turn tubes into YouTube-VIS results of one video."""
    return [dict(video_id=video_id, score=tube.score, category_id=1,
                 segmentations=tube.segmentations) for tube in tubes]
