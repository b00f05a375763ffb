"""Dice loss whose points carry weights, as a quadrature over the logit grid needs."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from s2d_plugins.arguments import check_number
from s2d_plugins.registry import MODELS


def weighted_dice(pred: Tensor, target: Tensor, weight: Tensor | None = None,
                  eps: float = 1.0) -> Tensor:
    """Compute 1 - (2 sum(w p t) + eps) / (sum(w p) + sum(w t) + eps) row by row.

    Args:
        pred: (R, P) logits; p is their sigmoid.
        target: (R, P) values from 0 to 1.
        weight: (R, P) weights w of the points, or None for ones. For the same effect of ``eps`` as
            with P sampled points they sum to P.
        eps: Keeps the quotient defined for empty masks.

    Returns:
        (R,) losses.
    """
    weight = torch.ones_like(pred) if weight is None else weight
    weighted_pred = pred.sigmoid() * weight
    overlap = (weighted_pred * target).sum(dim=1)
    total = weighted_pred.sum(dim=1) + (weight * target).sum(dim=1)
    return 1 - (2 * overlap + eps) / (total + eps)


@MODELS.register_module()
class WeightedDiceLoss(BaseModule):
    """Dice over weighted points; without weights it equals mmdet's ``DiceLoss(naive_dice=True)``.

    Args:
        loss_weight: Factor of the loss.
        eps: See :func:`weighted_dice`.

    Raises:
        S2DInputError: If a number is negative or none, or ``eps`` is 0.
    """

    def __init__(self, loss_weight: float = 1.0, eps: float = 1.0):
        super().__init__()
        check_number(self, loss_weight=loss_weight, low=0)
        check_number(self, eps=eps, above=0)
        self.loss_weight = loss_weight
        self.eps = eps

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor | None = None,
                avg_factor: float | Tensor | None = None) -> Tensor:
        """Sum the rows' losses and divide by ``avg_factor`` (by default the number of rows)."""
        rows = weighted_dice(pred, target, weight, self.eps)
        divisor = max(len(rows), 1) if avg_factor is None else avg_factor
        return self.loss_weight * rows.sum() / divisor
