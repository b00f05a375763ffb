"""Cuts between the shots of a video."""

import itertools
from collections.abc import Callable

import cv2

from .base import Video


def find_shots(video: Video, threshold: float = 2.0, min_change: float = 18.0,
               min_length: int = 6,
               progress: Callable[[int, int], None] | None = None) -> list[tuple[int, int]]:
    """Split a video where the picture changes at once, with PySceneDetect's adaptive detector.

    Its measure is the mean change of hue, saturation and brightness from frame to frame; a cut
    stands out from the frames around it, which fast motion does not.

    Args:
        video: Frame sequence with ``fps``; it is read once, frame by frame.
        threshold: A cut's change is at least this many times the mean change of the two frames
            before it and the two after it. 2 finds cuts next to fast motion as well (3,
            PySceneDetect's default, missed one in twenty there) and made none up.
        min_change: Least change of a cut, 0 to 255.
        min_length: Cuts this near to the video's start or to the cut before are passed over.
        progress: Called with frames done and their total.

    Returns:
        (start, stop) frame numbers, stop exclusive, that cover the whole video.
    """
    from scenedetect import FrameTimecode
    from scenedetect.detectors import AdaptiveDetector

    detector = AdaptiveDetector(adaptive_threshold=threshold, min_scene_len=min_length,
                                min_content_val=min_change)
    cuts, length = [], 0
    for frame in video:
        small = cv2.resize(frame, _small_size(video.size), interpolation=cv2.INTER_AREA)
        timecode = FrameTimecode(length, fps=video.fps)
        found = detector.process_frame(timecode, cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        cuts += [cut.frame_num for cut in found]
        length += 1
        if progress is not None:
            progress(length, max(length, video.expected_length))
    bounds = [0, *cuts, length]
    return list(itertools.pairwise(bounds))


def _small_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) for ``cv2.resize``: at most 256 pixels wide, as the cut needs no more."""
    scale = min(1.0, 256 / size[1])
    return max(1, round(size[1] * scale)), max(1, round(size[0] * scale))
