"""Superpixels of a frame, their appearance, and means over them.

scikit-image's SLIC is used because opencv-python has none (it is in the contrib build only).
"""

import cv2
import numpy as np
from skimage.segmentation import slic

#: Weights of the appearance features relative to mean colour (Lab, 0 to 255).
SPREAD_WEIGHT, CONTEXT_WEIGHT, POSITION_WEIGHT = 0.5, 0.5, 60.0


def segment(image: np.ndarray, count: int, compactness: float = 8.0) -> np.ndarray:
    """Divide an RGB image (H, W, 3) into about ``count`` superpixels.

    Returns:
        (H, W) int32 labels from 0 without gaps.
    """
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    labels = slic(lab, n_segments=count, compactness=compactness, max_num_iter=5,
                  convert2lab=False, start_label=0, channel_axis=2)
    return labels.astype(np.int32)


def region_means(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Average ``values`` (H, W) or (H, W, C) over each region.

    Returns:
        (N,) or (N, C) float32 for labels 0 to N - 1.
    """
    flat = labels.ravel()
    sizes = np.maximum(np.bincount(flat), 1)
    if values.ndim == 2:
        return (np.bincount(flat, values.ravel()) / sizes).astype(np.float32)
    columns = [np.bincount(flat, channel.ravel()) / sizes for channel in np.moveaxis(values, -1, 0)]
    return np.stack(columns, axis=1).astype(np.float32)


def region_features(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Describe each superpixel: mean colour, its spread, the colour around it, and the place.

    Euclidean distances between the rows compare superpixels of different frames; the first three
    columns are the mean Lab colour.

    Returns:
        (N, 11) float32.
    """
    height, width = labels.shape
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    mean = region_means(labels, lab)
    spread = np.sqrt(np.maximum(region_means(labels, lab ** 2) - mean ** 2, 0))
    context = region_means(labels, cv2.GaussianBlur(lab, (0, 0), max(height, width) / 54))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / width
    place = region_means(labels, np.stack([columns, rows], axis=-1))
    return np.hstack([mean, SPREAD_WEIGHT * spread, CONTEXT_WEIGHT * context,
                      POSITION_WEIGHT * place])
