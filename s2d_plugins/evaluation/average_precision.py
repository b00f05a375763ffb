"""COCO's average precision and recall over groups (a video or an image), class-agnostic.

The protocol is the published one of COCO and YouTube-VIS: detections in order of score take the
free ground truth of highest IoU (the later one of equals) at ten IoU thresholds; ground truth
that is crowd or outside the size range is ignored, and so are the detections on it and the
unmatched detections outside the range. Precision is made monotone and read at 101 recalls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_POINTS = np.linspace(0, 1, 101)
MAX_DETECTIONS = (1, 10, 100)


@dataclass(frozen=True)
class Group:
    """Detections and ground truth of one video or image.

    Attributes:
        iou: (D, G) overlaps.
        scores: (D,) scores in any order.
        areas: (D,) areas of the detections in pixels (of a tube: the mean over its frames).
        gt_areas: (G,) areas of the ground truth.
        crowd: (G,) bool; ignored, and may be matched more than once.
    """

    iou: np.ndarray
    scores: np.ndarray
    areas: np.ndarray
    gt_areas: np.ndarray
    crowd: np.ndarray


@dataclass(frozen=True)
class _Matches:
    scores: np.ndarray  # (D,) descending
    matched: np.ndarray  # (A, T, D)
    ignored: np.ndarray  # (A, T, D)
    gt_count: np.ndarray  # (A,) ground truth that counts


def top_order(scores: np.ndarray) -> np.ndarray:
    """Indices of the detections that count, best first, the earlier one of equals first."""
    return np.argsort(-np.asarray(scores, dtype=float), kind='stable')[:MAX_DETECTIONS[-1]]


def _last_best(candidates: np.ndarray, iou: np.ndarray) -> np.ndarray:
    """Per row of (R, G) candidates the last one of highest IoU; -1 without any."""
    ranked = np.where(candidates, iou, -1)[:, ::-1]
    return np.where(candidates.any(axis=1), iou.shape[-1] - 1 - ranked.argmax(axis=1), -1)


def _match(group: Group, area_ranges: np.ndarray) -> _Matches:
    order = top_order(group.scores)
    low, high = area_ranges[:, :1], area_ranges[:, 1:]
    gt_ignored = group.crowd | (group.gt_areas < low) | (group.gt_areas > high)  # (A, G)
    outside = (group.areas[order] < low) | (group.areas[order] > high)  # (A, D)
    ranges, steps = len(area_ranges), len(IOU_THRESHOLDS)
    matched = np.zeros((ranges * steps, len(order)), bool)
    ignored = np.zeros_like(matched)
    if group.iou.shape[1]:
        ignore = np.repeat(gt_ignored, steps, axis=0)
        thresholds = np.tile(np.minimum(IOU_THRESHOLDS, 1 - 1e-10), ranges)[:, None]
        taken = np.zeros_like(ignore)
        for column, detection in enumerate(order):
            iou = group.iou[detection]
            if iou.max() < IOU_THRESHOLDS[0]:
                continue
            candidates = (iou >= thresholds) & (~taken | group.crowd)
            pick = _last_best(candidates & ~ignore, iou)
            pick = np.where(pick < 0, _last_best(candidates & ignore, iou), pick)
            rows = np.flatnonzero(pick >= 0)
            taken[rows, pick[rows]] = True
            matched[rows, column] = True
            ignored[rows, column] = ignore[rows, pick[rows]]
    shape = (ranges, steps, len(order))
    matched, ignored = matched.reshape(shape), ignored.reshape(shape)
    ignored = ignored | (~matched & outside[:, None])
    return _Matches(group.scores[order], matched, ignored, (~gt_ignored).sum(axis=1))


def _curve(matched: np.ndarray, ignored: np.ndarray, gt_count: int) -> tuple[np.ndarray, float]:
    """Precision at the recall points and the highest recall, detections in order of score."""
    hits = np.cumsum(matched & ~ignored).astype(float)
    misses = np.cumsum(~matched & ~ignored).astype(float)
    if not len(hits):
        return np.zeros(len(RECALL_POINTS)), 0.0
    precision = hits / (misses + hits + np.spacing(1))
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    index = np.searchsorted(hits / gt_count, RECALL_POINTS, side='left')
    reached = index < len(hits)
    sampled = np.zeros(len(RECALL_POINTS))
    sampled[reached] = precision[index[reached]]
    return sampled, hits[-1] / gt_count


def _accumulate(matches: Sequence[_Matches], area: int, limit: int):
    """Mean precision per IoU threshold and recall per threshold; None without ground truth."""
    gt_count = sum(match.gt_count[area] for match in matches)
    if not gt_count:
        return None
    order = np.argsort(-np.concatenate([match.scores[:limit] for match in matches]),
                       kind='stable')
    matched, ignored = (
        np.concatenate([getattr(match, name)[area, :, :limit] for match in matches],
                       axis=1)[:, order] for name in ('matched', 'ignored'))
    curves = [_curve(*rows, gt_count) for rows in zip(matched, ignored, strict=True)]
    return (np.array([precision.mean() for precision, _ in curves]),
            np.array([recall for _, recall in curves]))


def average_precision(groups: Sequence[Group], medium: tuple[float, float]) -> dict[str, float]:
    """Average precision and recall over all groups.

    Args:
        groups: Videos or images, in the order in which equal scores are to be ranked.
        medium: Areas in pixels between which an object is of medium size.

    Returns:
        AP, AP50, AP75, APs, APm, APl (small, medium, large), AR1, AR10, AR100, ARs, ARm, ARl,
        each from 0 to 1, or -1 where no ground truth is of that size.
    """
    bounds = (0, *medium, 1e10)
    ranges = np.array([(0, 1e10), *pairwise(bounds)], dtype=float)
    matches = [_match(group, ranges) for group in groups
               if len(group.scores) or len(group.gt_areas)]
    full = [_accumulate(matches, area, MAX_DETECTIONS[-1]) for area in range(len(ranges))]
    result = dict(AP=full[0] and full[0][0].mean(), AP50=full[0] and full[0][0][0],
                  AP75=full[0] and full[0][0][5])
    result.update({f'AP{name}': part and part[0].mean()
                   for name, part in zip('sml', full[1:], strict=True)})
    for limit in MAX_DETECTIONS:
        part = _accumulate(matches, 0, limit)
        result[f'AR{limit}'] = part and part[1].mean()
    result.update({f'AR{name}': part and part[1].mean()
                   for name, part in zip('sml', full[1:], strict=True)})
    return {name: -1.0 if value is None else float(value) for name, value in result.items()}
