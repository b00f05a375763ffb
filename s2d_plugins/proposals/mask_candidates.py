"""Regions of saliency maps: the main one, connected parts, contrast, duplicates."""

from collections.abc import Sequence

import cv2
import numpy as np


def main_region(saliency: np.ndarray, threshold: float, keep: float = 0.3) -> np.ndarray:
    """Mark the component that holds most saliency, and those with at least ``keep`` of it."""
    mask = (saliency > threshold).astype(np.uint8)
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    weight = np.bincount(labels.ravel(), saliency.ravel(), minlength=count)
    weight[0] = 0
    chosen = weight >= keep * weight.max()
    chosen[0] = False
    return chosen[labels]


def components(mask: np.ndarray, min_area: int) -> list[np.ndarray]:
    """Split a bool mask into its connected parts of at least ``min_area`` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8),
                                                               connectivity=8)
    return [labels == label for label in range(1, count)
            if stats[label, cv2.CC_STAT_AREA] >= min_area]


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two bool masks; 0 if both are empty."""
    return float((first & second).sum() / max((first | second).sum(), 1))


def contrast(mask: np.ndarray, saliency: np.ndarray, width: int = 9) -> float:
    """How much more salient a mask is than a ring of ``width`` pixels around it, 0 to 1."""
    ring = cv2.dilate(mask.astype(np.uint8), np.ones((2 * width + 1,) * 2, np.uint8)) > 0
    ring &= ~mask
    outside = saliency[ring].mean() if ring.any() else 0.0
    return float(np.clip(saliency[mask].mean() - outside, 0, 1))


def without_duplicates(masks: Sequence[np.ndarray], scores: Sequence[float],
                       most: float) -> list[int]:
    """Pick positions, best score first, without masks whose IoU with a better one is ``most``."""
    kept: list[int] = []
    for index in np.argsort(-np.asarray(scores), kind='stable'):
        if all(overlap(masks[index], masks[other]) < most for other in kept):
            kept.append(int(index))
    return kept
