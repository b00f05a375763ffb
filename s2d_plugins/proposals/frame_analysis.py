"""What the motion-colour proposer knows of each frame before frames vote together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from s2d_plugins.structures import Frames

from .base_mask_proposer import checked_frame
from .region_graph import flow_overlaps
from .superpixels import region_features, region_means, segment

#: Flows and grey frames by frame gap in, saliency (H, W) out.
Motion = Callable[[Mapping[int, np.ndarray], Mapping[int, np.ndarray]], np.ndarray]
#: DIS and the superpixels need some room: shorter sides are enlarged to this many pixels.
MIN_SIDE = 64


def working_size(size: tuple[int, int], max_size: int) -> tuple[int, int]:
    """Choose (height, width) at which frames of a size are analysed.

    Args:
        size: (height, width) of the frames.
        max_size: Longer side in pixels, but for frames whose shorter one were below
            :data:`MIN_SIDE` then.
    """
    factor = max(min(1, max_size / max(size)), MIN_SIDE / min(size))
    return round(size[0] * factor), round(size[1] * factor)


@dataclass(frozen=True)
class FrameAnalysis:
    """One frame at working size.

    Attributes:
        image: (h, w, 3) uint8 RGB.
        labels: (h, w) int32 superpixels.
        features: (N, D) appearance and place of the superpixels.
        votes: (N,) motion saliency of the superpixels, 0 to 1.
        overlaps: (E, 3) rows (superpixel, superpixel of the next frame, pixels); empty for the
            last frame.
    """

    image: np.ndarray
    labels: np.ndarray
    features: np.ndarray
    votes: np.ndarray
    overlaps: np.ndarray


class FrameAnalyser:
    """Analyses frames on demand and forgets those before the oldest still asked for.

    Args:
        frames: Frame sequence.
        gaps: Frame gaps over which flow is computed, in both directions; must hold 1.
        max_size: Longer side of the working size in pixels.
        regions: Superpixels per frame.
        motion: Judges what moves by itself, as ``ResidualMotion`` does.
    """

    def __init__(self, frames: Frames, gaps: Sequence[int], max_size: int,
                 regions: int, motion: Motion):
        self.frames, self.gaps, self.regions = frames, sorted(gaps), regions
        self.motion = motion
        self.size = checked_frame(frames, 0).shape[:2]
        self.working_size = working_size(self.size, max_size)
        self.dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self.images: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.labels: dict[int, np.ndarray] = {}
        self.analyses: dict[int, FrameAnalysis] = {}

    def __call__(self, index: int) -> FrameAnalysis:
        """Analyse one frame; a second call costs nothing."""
        if index not in self.analyses:
            self.analyses[index] = self._analyse(index)
        return self.analyses[index]

    def forget_before(self, index: int) -> None:
        """Drop what is known of frames before ``index``; they will not be asked for again."""
        for store, first in ((self.images, index - self.gaps[-1]), (self.labels, index),
                             (self.analyses, index)):
            for key in [key for key in store if key < first]:
                del store[key]

    def _image(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if index not in self.images:
            frame = checked_frame(self.frames, index, self.size)
            if self.working_size != self.size:
                frame = cv2.resize(frame, self.working_size[::-1], interpolation=cv2.INTER_AREA)
            self.images[index] = frame, cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        return self.images[index]

    def _superpixels(self, index: int) -> np.ndarray:
        if index not in self.labels:
            self.labels[index] = segment(self._image(index)[0], self.regions)
        return self.labels[index]

    def _analyse(self, index: int) -> FrameAnalysis:
        image, grey = self._image(index)
        labels = self._superpixels(index)
        others = [sign * gap for gap in self.gaps for sign in (1, -1)
                  if 0 <= index + sign * gap < len(self.frames)]
        greys = {gap: self._image(index + gap)[1] for gap in others}
        flows = {gap: self.dis.calc(grey, other, None) for gap, other in greys.items()}
        votes = (region_means(labels, self.motion(flows, {0: grey, **greys})) if flows
                 else np.zeros(labels.max() + 1, np.float32))
        overlaps = np.zeros((0, 3), np.int64)
        if 1 in flows:
            overlaps = flow_overlaps(labels, self._superpixels(index + 1), flows[1])
        self.images.pop(index - self.gaps[-1], None)
        return FrameAnalysis(image, labels, region_features(image, labels), votes, overlaps)
