"""Moving points along optical flow: pure functions on arrays.

Points are (N, 2) float32 (x, y) in pixels of the full frame. A flow field is (h, w, 2) float32
(dx, dy), both computed at a size (h, w) that may be smaller than the frame and given in pixels of
that smaller size; the functions convert.
"""

import cv2
import numpy as np

from ..structures import in_frame

_REMAP_COLUMNS = 1024


def sample_flow(flow: np.ndarray, xy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Interpolate a flow field bilinearly at points of the full frame.

    Args:
        flow: (h, w, 2) float32, in pixels of its own size.
        xy: (N, 2) finite positions in pixels of the full frame; outside, the border's flow counts.
        size: (H, W) of the full frame.

    Returns:
        (N, 2) displacements in pixels of the full frame.
    """
    count = len(xy)
    if count == 0:
        return np.zeros((0, 2), np.float32)
    scale = np.array([size[1] / flow.shape[1], size[0] / flow.shape[0]], np.float32)
    rows = -(-count // _REMAP_COLUMNS)
    position = np.zeros((rows * _REMAP_COLUMNS, 2), np.float32)
    position[:count] = (xy + 0.5) / scale - 0.5
    sampled = cv2.remap(flow, position.reshape(rows, _REMAP_COLUMNS, 2), None, cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_REPLICATE)
    return sampled.reshape(-1, 2)[:count] * scale


def advance(xy: np.ndarray, flow: np.ndarray, flow_back: np.ndarray, size: tuple[int, int],
            alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Move points by one frame and say which of them can be trusted.

    A point is kept if it lies in the next frame and the flow back returns it to where it came
    from: ``|f + b|^2 <= alpha * (|f|^2 + |b|^2) + beta`` with f the flow at the point and b the
    flow back at its new position (Sundaram et al., ECCV 2010).

    Args:
        xy: (N, 2) finite positions in the current frame.
        flow: Flow from the current to the next frame.
        flow_back: Flow from the next to the current frame.
        size: (H, W) of the full frame.
        alpha: Tolerated share of the squared displacements.
        beta: Tolerated squared error in pixels of the full frame.

    Returns:
        New positions (N, 2) and whether each point is kept (N,).
    """
    forth = sample_flow(flow, xy, size)
    moved = xy + forth
    kept = in_frame(moved, size)
    back = sample_flow(flow_back, moved, size)
    error = _squared(forth + back)
    length = _squared(forth) + _squared(back)
    return moved, kept & (error <= alpha * length + beta)


def _squared(vectors: np.ndarray) -> np.ndarray:
    return np.einsum('ij,ij->i', vectors, vectors)
