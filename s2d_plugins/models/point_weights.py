"""Where on a frame the mask losses are taken: sampled points, or the whole grid with weights."""

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
