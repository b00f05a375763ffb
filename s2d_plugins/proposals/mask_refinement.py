"""From a coarse saliency map to a mask that follows image edges (GrabCut)."""

import cv2
import numpy as np

from .mask_candidates import main_region

#: Below this share of the threshold a pixel is surely background, above that one surely object.
SURE_BACKGROUND, SURE_OBJECT = 0.5, 1.3


def cut_main_object(image: np.ndarray, saliency: np.ndarray, threshold: float) -> np.ndarray:
    """Cut the most salient object out of an RGB image; see :func:`refine_mask`."""
    return refine_mask(image, saliency, threshold, main_region(saliency, threshold))


def refine_mask(image: np.ndarray, saliency: np.ndarray, threshold: float,
                region: np.ndarray, margin: int = 15) -> np.ndarray:
    """Cut one object out of an image, starting from ``saliency > threshold`` inside ``region``.

    Args:
        image: (H, W, 3) uint8 RGB.
        saliency: (H, W) float.
        threshold: Where object and background are taken to meet.
        region: (H, W) bool, the coarse object. Beyond ``margin`` pixels around it all is
            background.
        margin: See ``region``.

    Returns:
        (H, W) bool; ``region`` itself where there is too little of either side to learn from.
    """
    rows, columns = np.nonzero(region)
    if len(rows) < 20:
        return region
    top, left = max(rows.min() - margin, 0), max(columns.min() - margin, 0)
    box = np.s_[top:rows.max() + margin + 1, left:columns.max() + margin + 1]
    values = saliency[box]
    near = cv2.dilate(region[box].astype(np.uint8), np.ones((2 * margin + 1,) * 2, np.uint8)) > 0
    guess = np.full(values.shape, cv2.GC_BGD, np.uint8)
    guess[near & (values > SURE_BACKGROUND * threshold)] = cv2.GC_PR_BGD
    guess[region[box]] = cv2.GC_PR_FGD
    guess[region[box] & (values > SURE_OBJECT * threshold)] = cv2.GC_FGD
    if (guess % 2 == 0).sum() < 20 or (guess % 2 == 1).sum() < 20:
        return region
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(image[box]), guess, None, np.zeros((1, 65)),
                np.zeros((1, 65)), 1, cv2.GC_INIT_WITH_MASK)
    refined = np.zeros_like(region)
    refined[box] = guess % 2 == 1
    return refined if refined.any() else region


def enlarge_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a bool mask to (height, width) with a smooth outline."""
    if mask.shape == tuple(size):
        return mask
    soft = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return soft > 0.5
