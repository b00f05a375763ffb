"""Where on a frame the mask losses are taken: sampled points, or the whole grid with weights."""

from collections.abc import Sequence

import torch
from torch import Tensor


def importance_weights(logits: Tensor, num_points: int, oversample_ratio: float,
                       importance_ratio: float) -> Tensor:
    """Weight the cells of the logit grid as importance sampling would in expectation.

    The published loss draws ``oversample_ratio * num_points`` candidates evenly, keeps the
    ``importance_ratio * num_points`` most uncertain (logit nearest to 0) and adds the rest
    evenly. On the grid, the share ``importance_ratio`` of the weight thus lies on the most
    uncertain ``importance_ratio / oversample_ratio`` of the cells, and the rest on all.

    Args:
        logits: (R, P) mask logits of R frames on their grid of P cells.
        num_points: Points that the published loss takes per frame; the weights sum to it.
        oversample_ratio: At least 1.
        importance_ratio: From 0 to 1.

    Returns:
        (R, P) weights.
    """
    rows, cells = logits.shape
    weights = logits.new_full((rows, cells), (1 - importance_ratio) / cells)
    if importance_ratio:
        num_uncertain = max(1, round(cells * importance_ratio / oversample_ratio))
        uncertain = logits.detach().abs().topk(num_uncertain, dim=1, largest=False,
                                               sorted=False).indices
        weights.scatter_add_(1, uncertain, weights.new_full(
            (1, 1), importance_ratio / num_uncertain).expand_as(uncertain))
    return weights * (num_points / weights.sum(dim=1, keepdim=True).clamp(min=1e-12))


def sample_points(masks: Tensor, points: Tensor) -> Tensor:
    """Read masks (R, H, W) at points (R, P, 2), (x, y) from 0 to 1, bilinearly: (R, P)."""
    grid = points.unsqueeze(1) * 2 - 1
    values = torch.nn.functional.grid_sample(masks.unsqueeze(1), grid, align_corners=False)
    return values[:, 0, 0]


def grid_steps(size: Sequence[int], grid_size: Sequence[int]) -> tuple[int, int] | None:
    """Say how many pixels of masks (H, W) a cell of a grid (h, w) has; None if not whole ones."""
    if any(full % side for full, side in zip(size, grid_size, strict=True)):
        return None
    return size[0] // grid_size[0], size[1] // grid_size[1]


def draw_place(steps: tuple[int, int]) -> tuple[int, int]:
    """Draw one of the pixels of a cell: row and column, the same in every cell.

    The published loss reads logits and masks between cells, where an outline passes through 0 and
    is most uncertain. Points that stay at the centres of the cells never meet that; points that
    move within their cells meet it as often. They move by whole pixels of the masks, so that a
    mask is read as it is. Drawn on the host: the device is not asked.
    """
    row, column = (int(torch.randint(step, ())) for step in steps)
    return row, column


def logits_at(logits: Tensor, place: tuple[int, int], steps: tuple[int, int]) -> Tensor:
    """Read logits (R, h, w) at one pixel of every cell, bilinearly: (R, h, w).

    Args:
        logits: On the grid of cells.
        place: Row and column of the pixel in its cell.
        steps: Pixels of a cell along both sides.
    """
    for dim, (step, pixel) in enumerate(zip(steps, place, strict=True), 1):
        logits = _shifted(logits, (pixel + 0.5) / step - 0.5, dim)
    return logits


def _shifted(values: Tensor, offset: float, dim: int) -> Tensor:
    """Read values (R, h, w) ``offset`` cells (-0.5 to 0.5) further on along ``dim``."""
    length = values.shape[dim]
    if offset == 0 or length == 1:
        return values
    ends = values.narrow(dim, length - 1, 1) if offset > 0 else values.narrow(dim, 0, 1)
    inner = values.narrow(dim, 1, length - 1) if offset > 0 else values.narrow(dim, 0, length - 1)
    neighbours = torch.cat([inner, ends] if offset > 0 else [ends, inner], dim)
    return torch.lerp(values, neighbours, abs(offset))
