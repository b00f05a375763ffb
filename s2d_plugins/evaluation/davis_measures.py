"""Region similarity J, contour accuracy F and their statistics, as DAVIS 2017 defines them.

J is the IoU of two masks. F is the harmonic mean of the shares of boundary pixels of one mask
that lie within a tolerance (0.008 of the image diagonal, rounded up) of the other's boundary.
Two empty masks agree fully. Everything is computed on crops around the masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from scipy.ndimage import find_objects
from scipy.optimize import linear_sum_assignment

BOUNDARY_TOLERANCE = 0.008


@lru_cache(maxsize=8)
def _disk(radius: int) -> np.ndarray:
    rows, columns = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    return (rows**2 + columns**2 <= radius**2).astype(np.uint8)


def boundary_radius(size: tuple[int, int]) -> int:
    """Tolerance of F in pixels for frames of (height, width)."""
    return int(np.ceil(BOUNDARY_TOLERANCE * np.linalg.norm(size)))


def boundary_map(mask: np.ndarray) -> np.ndarray:
    """Pixels that differ from their right, lower or lower right neighbour inside the image.

    Args:
        mask: (H, W) bool.

    Returns:
        (H, W) bool, one pixel wide.
    """
    padded = np.pad(mask, ((0, 1), (0, 1)), mode='edge')
    return ((mask != padded[:-1, 1:]) | (mask != padded[1:, :-1]) | (mask != padded[1:, 1:]))


@dataclass(frozen=True)
class MaskShape:
    """A mask cut out of its frame, with what J and F need of it computed once.

    Attributes:
        crop: (h, w) bool, a part of the frame that holds the whole mask; may be (0, 0).
        top: Row of the crop's first pixel in the frame.
        left: Column of the crop's first pixel in the frame.
        size: (height, width) of the frame.
    """

    crop: np.ndarray
    top: int
    left: int
    size: tuple[int, int]

    @cached_property
    def area(self) -> int:
        """Pixels of the mask."""
        return int(np.count_nonzero(self.crop))

    @cached_property
    def boundary(self) -> np.ndarray:
        """(N, 2) rows and columns of the boundary pixels in the frame."""
        if not self.area:
            return np.zeros((0, 2), np.int64)
        height, width = self.crop.shape
        before = (min(self.top, 1), min(self.left, 1))
        after = (min(self.size[0] - self.top - height, 1), min(self.size[1] - self.left - width, 1))
        ring = np.pad(self.crop, tuple(zip(before, after, strict=True)))
        return np.argwhere(boundary_map(ring)) + (self.top - before[0], self.left - before[1])

    @cached_property
    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixels within tolerance of the boundary: (h, w) bool and its first row and column."""
        radius = boundary_radius(self.size)
        first = self.boundary.min(axis=0) - radius
        points = self.boundary - first
        canvas = np.zeros(points.max(axis=0) + radius + 1, np.uint8)
        canvas[points[:, 0], points[:, 1]] = 1
        return cv2.dilate(canvas, _disk(radius)).astype(bool), first

    def near_boundary(self, points: np.ndarray) -> int:
        """How many of the (N, 2) frame positions are within tolerance of the boundary."""
        band, first = self.band
        points = points - first
        inside = ((points >= 0) & (points < band.shape)).all(axis=1)
        return int(np.count_nonzero(band[points[inside, 0], points[inside, 1]]))


def cut_mask(mask: np.ndarray) -> MaskShape:
    """The shape of one (H, W) bool mask."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return MaskShape(np.zeros((0, 0), bool), 0, 0, mask.shape)
    top, left = int(rows[0]), int(columns[0])
    return MaskShape(mask[top:rows[-1] + 1, left:columns[-1] + 1].astype(bool), top, left,
                     mask.shape)


def cut_ids(ids: np.ndarray, count: int) -> list[MaskShape]:
    """The shapes of ids 1 to ``count`` in an (H, W) id map; absent ids are empty."""
    boxes = find_objects(ids, max_label=count) if count else []
    return [MaskShape(np.zeros((0, 0), bool), 0, 0, ids.shape) if box is None else
            MaskShape(ids[box] == index, box[0].start, box[1].start, ids.shape)
            for index, box in enumerate(boxes, 1)]


def common_pixels(a: MaskShape, b: MaskShape) -> int:
    """Pixels of both masks."""
    top, left = max(a.top, b.top), max(a.left, b.left)
    bottom = min(a.top + a.crop.shape[0], b.top + b.crop.shape[0])
    right = min(a.left + a.crop.shape[1], b.left + b.crop.shape[1])
    if bottom <= top or right <= left:
        return 0
    return int(np.count_nonzero(
        a.crop[top - a.top:bottom - a.top, left - a.left:right - a.left]
        & b.crop[top - b.top:bottom - b.top, left - b.left:right - b.left]))


def region_similarity(a: MaskShape, b: MaskShape) -> float:
    """J: intersection over union; 1 if both are empty."""
    common = common_pixels(a, b)
    union = a.area + b.area - common
    return common / union if union else 1.0


def boundary_accuracy(a: MaskShape, b: MaskShape) -> float:
    """F: agreement of the boundaries; 1 if neither has one, 0 if only one has."""
    count_a, count_b = len(a.boundary), len(b.boundary)
    if not count_a or not count_b:
        return float(count_a == count_b)
    precision = b.near_boundary(a.boundary) / count_a
    recall = a.near_boundary(b.boundary) / count_b
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def frame_measures(results: Sequence[MaskShape], gt: Sequence[MaskShape]) -> np.ndarray:
    """J and F of every pair of one frame: (2, R, G)."""
    return np.array([[[measure(result, truth) for truth in gt] for result in results]
                     for measure in (region_similarity, boundary_accuracy)],
                    dtype=float).reshape(2, len(results), len(gt))


def paired_measures(results: Sequence[MaskShape], gt: Sequence[MaskShape]) -> np.ndarray:
    """J and F of the pairs of equal index of one frame: (2, G)."""
    return np.array([[measure(*pair) for pair in zip(results, gt, strict=True)]
                     for measure in (region_similarity, boundary_accuracy)], dtype=float)


def match_proposals(values: np.ndarray) -> np.ndarray:
    """Assign a proposal to each object so that the sum of mean J and F is highest.

    Args:
        values: (2, R, G, T) J and F of R >= G proposals against G objects in T frames.

    Returns:
        (2, G, T) J and F of each object with its proposal.
    """
    quality = (values[0].mean(axis=2) + values[1].mean(axis=2)) / 2
    rows, columns = linear_sum_assignment(-quality)
    order = np.argsort(columns)
    return values[:, rows[order], columns[order]]


def frame_statistics(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, recall and decay over the frames of a sequence.

    Recall is the share of frames above 0.5; decay is the mean of the first quarter of the
    frames minus that of the last, quarters sharing their end frames.
    """
    ends = np.round(np.linspace(1, len(values), 5) + 1e-10).astype(int) - 1
    first, last = values[ends[0]:ends[1] + 1], values[ends[3]:ends[4] + 1]
    return (float(values.mean()), float((values > 0.5).mean()),
            float(first.mean() - last.mean()))
