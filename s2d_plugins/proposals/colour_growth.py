"""Parts of an object that motion does not tell from its surroundings, but colours do (GrabCut)."""

import cv2
import numpy as np

from .outline_cues import likelier

#: From which probability on a pixel shows the object's colours.
_SURE = 0.6
#: Mean logarithm of how much likelier the object's pixels are in its colours than in those of its
#: surroundings; below it colours do not tell the two apart.
_DISTINCT = 2.5
#: How far colours reach, in square roots of the object's area, and by how much of it they may add.
_REACH, _MOST = 0.6, 1.0
#: Pixels between an object and the nearest that shows the surroundings' colours, likewise.
_BELT = 0.1
_ROUNDS = 2


def add_by_colour(image: np.ndarray, shares: np.ndarray, threshold: float,
                  floor: float) -> np.ndarray:
    """Add to an object what adjoins it and has its colours.

    Feet on the ground stand as still as the ground. Reflections and other things have an object's
    colours too, so these decide only where motion leaves a doubt, and of objects whose colours
    their surroundings do not have.

    Args:
        image: (H, W, 3) uint8 RGB.
        shares: (H, W) float32 probability that a pixel belongs to the object.
        threshold: Above which one does.
        floor: Up to which one does not, whatever its colour.

    Returns:
        (H, W) float32: the shares, 1 where something was added.
    """
    inside = shares > threshold
    core, area = shares > max(_SURE, threshold), int(inside.sum())
    beyond = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    around = (shares <= floor) & (beyond > _BELT * area ** 0.5)
    if not core.any() or not around.any():
        return shares
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    if likelier(lab, core, around)[core].mean() < _DISTINCT:
        return shares
    guess = np.full(shares.shape, cv2.GC_BGD, np.uint8)
    guess[(shares > floor) & (beyond <= _REACH * area ** 0.5)] = cv2.GC_PR_BGD
    guess[inside] = cv2.GC_PR_FGD
    guess[core] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(image), guess, None, np.zeros((1, 65)), np.zeros((1, 65)),
                _ROUNDS, cv2.GC_INIT_WITH_MASK)
    grown = inside | (guess == cv2.GC_PR_FGD)
    pieces = cv2.connectedComponents(grown.astype(np.uint8))[1]
    added = np.isin(pieces, np.unique(pieces[inside])) & grown & ~inside
    return shares if added.sum() > _MOST * area else np.where(added, np.float32(1), shares)
