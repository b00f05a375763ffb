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


def grid_points(size: tuple[int, int], grid_size: int) -> np.ndarray:
    """Spread grid_size x grid_size points evenly over a frame, W/64 away from its outer pixels.

    Args:
        size: (H, W) of the frame.
        grid_size: Points per side.

    Returns:
        (grid_size ** 2, 2) float32 (x, y), row by row.
    """
    height, width = size
    margin = width / 64
    # In a frame flatter than twice the margin all rows meet in the middle.
    margin_y = min(margin, (height - 1) / 2)
    x = np.linspace(margin, width - 1 - margin, grid_size, dtype=np.float32)
    y = np.linspace(margin_y, height - 1 - margin_y, grid_size, dtype=np.float32)
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
