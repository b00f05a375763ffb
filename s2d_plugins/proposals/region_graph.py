"""A graph over all superpixels of a window, and votes that travel along its edges.

Two kinds of edges join superpixels: to those that look alike anywhere in the window (non-local
consensus), and along optical flow to the next frame. A random walk with restart spreads the
motion saliency: an object that stops, or moves with the camera for a while, is carried by the
frames in which its motion shows.
"""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

#: Lab distance at which a temporal edge has lost 40 % of its weight.
COLOR_SCALE = 10.0


def flow_overlaps(labels: np.ndarray, following: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Count the pixels that flow carries from each superpixel to each of the next frame.

    Args:
        labels: (H, W) superpixels of a frame.
        following: (H, W) superpixels of the next frame.
        flow: (H, W, 2) flow between them.

    Returns:
        (E, 3) int64 rows (superpixel, superpixel in the next frame, pixels).
    """
    height, width = labels.shape
    rows, columns = np.mgrid[0:height, 0:width]
    x = np.rint(columns + flow[..., 0]).astype(np.int64)
    y = np.rint(rows + flow[..., 1]).astype(np.int64)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    base = int(following.max()) + 1
    pairs = labels[inside].astype(np.int64) * base + following[y[inside], x[inside]]
    codes, counts = np.unique(pairs, return_counts=True)
    return np.stack([codes // base, codes % base, counts], axis=1)


def transition_matrix(features: np.ndarray, overlaps: np.ndarray,
                      neighbours: int = 12) -> sparse.csr_array:
    """Build the random walk: half of each step to look-alikes, half along the flow.

    Args:
        features: (N, D) of all superpixels; the first three columns are Lab colour.
        overlaps: (E, 3) rows (superpixel, superpixel, pixels) along the flow.
        neighbours: Look-alikes per superpixel.

    Returns:
        (N, N) with rows that sum to 1 (to 0.5 where a superpixel has one kind of edge only).
    """
    look = _normalised(_look_alikes(features, min(neighbours, len(features) - 1)))
    start, end, pixels = overlaps.T
    apart = ((features[start, :3] - features[end, :3]) ** 2).sum(axis=1)
    weight = pixels * np.exp(-apart / (2 * COLOR_SCALE ** 2))
    time = sparse.coo_array((weight, (start, end)), shape=look.shape).tocsr()
    return (0.5 * look + 0.5 * _normalised(time + time.T)).tocsr()


def _look_alikes(features: np.ndarray, neighbours: int) -> sparse.csr_array:
    if neighbours == 0:
        return sparse.csr_array((1, 1))
    distance, index = cKDTree(features).query(features, k=range(2, neighbours + 2))
    scale = float(np.median(distance)) + 1e-6
    weight = np.exp(-(distance / scale) ** 2 / 2)
    start = np.repeat(np.arange(len(features)), neighbours)
    shape = (len(features), len(features))
    matrix = sparse.coo_array((weight.ravel(), (start, index.ravel())), shape=shape).tocsr()
    return matrix.maximum(matrix.T)


def _normalised(matrix: sparse.csr_array) -> sparse.csr_array:
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    return sparse.diags_array(1 / np.maximum(sums, 1e-9)) @ matrix


def spread_votes(walk: sparse.csr_array, votes: np.ndarray, restart: float = 0.03,
                 steps: int = 40) -> np.ndarray:
    """Random walk with restart: where do walkers from each superpixel find votes?

    Args:
        walk: (N, N) from :func:`transition_matrix`.
        votes: (N,) in [0, 1].
        restart: Share of a superpixel's own vote in each step.
        steps: Steps of the walk.

    Returns:
        (N,) in [0, 1].
    """
    spread = votes
    for _ in range(steps):
        spread = (1 - restart) * (walk @ spread) + restart * votes
    return spread
