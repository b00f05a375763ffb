"""The grid of query points and which of them lie in which mask (step 1)."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..structures import pixel_of
from .frame_masks import FrameMasks


@dataclass(frozen=True)
class MaskPoints:
    """Query points of a video and their masks.

    Attributes:
        queries: (P, 3) float32 rows (frame, x, y), sorted by frame. Grid points that lie in no
            mask of their frame are left out; a point in several masks is listed once.
        membership: (P, M) sparse: which point belongs to which of the video's M masks.
        num_points: (M,) points of each mask.
    """

    queries: np.ndarray
    membership: sparse.csr_matrix
    num_points: np.ndarray


#: CoTracker's working (height, width), at which the published grid has a margin of 8 pixels.
_TRACKER_SIZE = (384, 512)
_TRACKER_MARGIN = 8


def grid_points(size: tuple[int, int], grid_size: int) -> np.ndarray:
    """Spread grid_size x grid_size points evenly over a frame, as CoTracker does at 384 x 512.

    There the outer points lie 8 pixels from the edge: W/64 and H/48 of the frame.

    Args:
        size: (H, W) of the frame.
        grid_size: Points per side.

    Returns:
        (grid_size ** 2, 2) float32 (x, y), row by row.
    """
    y, x = (np.linspace(_TRACKER_MARGIN, full - _TRACKER_MARGIN, grid_size, dtype=np.float32)
            * np.float32((side - 1) / (full - 1))
            for side, full in zip(size, _TRACKER_SIZE, strict=True))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def mask_points(masks: FrameMasks, grid_size: int) -> MaskPoints:
    """Collect the grid points inside each mask of a video."""
    grid = grid_points(masks.size, grid_size)
    _, pixels = pixel_of(grid, masks.size)
    queries, rows, columns, count = [np.zeros((0, 3))], [], [], 0
    for frame in range(len(masks)):
        inside = masks.lookup(frame, pixels)
        used = inside.any(axis=1)
        point, mask = np.nonzero(inside[used])
        rows.append(point + count)
        columns.append(mask + masks.first[frame])
        queries.append(np.column_stack([np.full(used.sum(), frame), grid[used]]))
        count += len(queries[-1])
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    membership = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)),
                                   shape=(count, masks.total))
    num_points = np.bincount(columns, minlength=masks.total)
    return MaskPoints(np.concatenate(queries).astype(np.float32), membership, num_points)
