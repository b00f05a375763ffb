"""J, F and the matching of DAVIS 2017 written plainly on whole frames.

Written from the published protocol as an independent check; slow on purpose.
"""

from itertools import permutations

import numpy as np


def jaccard(a, b):
    union = (a | b).sum()
    return (a & b).sum() / union if union else 1.0


def boundary(mask):
    """Positions of pixels that differ from a neighbour to the right, below, or both."""
    height, width = mask.shape
    return [(row, column) for row in range(height) for column in range(width)
            if any(mask[row, column] != mask[r, c]
                   for r in range(row, min(row + 2, height))
                   for c in range(column, min(column + 2, width)))]


def share_near(points, others, radius):
    return np.mean([any((r - row)**2 + (c - column)**2 <= radius**2 for row, column in others)
                    for r, c in points])


def f_measure(a, b):
    radius = np.ceil(0.008 * np.hypot(*a.shape))
    points_a, points_b = boundary(a), boundary(b)
    if not points_a or not points_b:
        return float(not points_a and not points_b)
    precision = share_near(points_a, points_b, radius)
    recall = share_near(points_b, points_a, radius)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def statistics(values):
    """Mean, recall and decay; frame numbers of the quarters count from 1."""
    ends = [round(1 + (len(values) - 1) * quarter / 4 + 1e-10) for quarter in range(5)]
    first = np.mean(values[ends[0] - 1:ends[1]])
    last = np.mean(values[ends[3] - 1:ends[4]])
    return np.mean(values), np.mean([value > 0.5 for value in values]), first - last


def unsupervised(gt, results):
    """J and F (objects, frames) of the best assignment of proposals, by trying all.

    Args:
        gt: (T, H, W) ids, 255 is void.
        results: (T, H, W) ids.
    """
    void = gt == 255
    gt, results = np.where(void, 0, gt), np.where(void, 0, results)
    objects = int(gt[0].max())
    proposals = max(int(results.max()), objects)
    table = {(p, o): np.array([[measure(r == p, g == o) for g, r in zip(gt, results, strict=True)]
                               for measure in (jaccard, f_measure)])
             for p in range(1, proposals + 1) for o in range(1, objects + 1)}
    best = max(permutations(range(1, proposals + 1), objects),
               key=lambda order: sum(table[p, o].mean() for o, p in enumerate(order, 1)))
    return np.stack([table[p, o] for o, p in enumerate(best, 1)], axis=1)


def semi_supervised(gt, results):
    """J and F (objects, frames) of equal ids, first and last frame left out."""
    objects = int(np.where(gt[0] == 255, 0, gt[0]).max())
    gt, results = gt[1:-1], results[1:-1]
    return np.array([[[measure(r == o, g == o) for g, r in zip(gt, results, strict=True)]
                      for o in range(1, objects + 1)] for measure in (jaccard, f_measure)])
