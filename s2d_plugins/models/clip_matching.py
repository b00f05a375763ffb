"""Hungarian matching of queries to the instances of clips, for all decoder layers at once."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from s2d_plugins.arguments import check_number
from s2d_plugins.errors import S2DInputError

from .host_transfers import read_from_device

#: mmdet's match costs that the clip matching computes, and the only options with which it does.
_COSTS = dict(ClassificationCost=('cls', {}),
              CrossEntropyLossCost=('mask', dict(use_sigmoid=True)),
              DiceCost=('dice', dict(pred_act=True, naive_dice=True, eps=1.0)))


def read_match_weights(match_costs: Sequence) -> dict[str, float]:
    """Read the weights of mmdet's match costs; costs that are absent weigh 0.

    Raises:
        S2DInputError: If a cost is unknown, comes twice, or has options that would be ignored.
    """
    weights = {}
    for cost in match_costs:
        name = type(cost).__name__
        if name not in _COSTS:
            raise S2DInputError(f'SparseToDenseHead knows the match costs {sorted(_COSTS)}, '
                                f'found {name} in train_cfg.assigner; leave it out')
        kind, options = _COSTS[name]
        if kind in weights:
            raise S2DInputError(f'SparseToDenseHead: {name} comes twice in train_cfg.assigner; '
                                'give it once, with the sum of the weights')
        for option, value in options.items():
            if getattr(cost, option) != value:
                raise S2DInputError(f'SparseToDenseHead matches with {option}={value} alone, found '
                                    f'{option}={getattr(cost, option)} of {name} in '
                                    f'train_cfg.assigner; set {option}={value}')
        check_number(name, weight=cost.weight, low=0)
        weights[kind] = cost.weight
    return {kind: weights.get(kind, 0.0) for kind, _ in _COSTS.values()}


def mask_match_cost(logits: Tensor, targets: Tensor, point_known: Tensor | None,
                    bce_weight: float, dice_weight: float, eps: float = 1.0) -> Tensor:
    """Compute the mask part of the matching cost between queries and instances.

    Binary cross entropy is the mean over points, dice is 1 - (2 sum(p t) + eps) / (sum(p) +
    sum(t) + eps); both over all frames of the clip together.

    Args:
        logits: (Q, P) mask logits at the clip's P points.
        targets: (N, P) target values from 0 to 1.
        point_known: (N, P) of 0 and 1: leave a point out of an instance's cost where 0. None
            counts all, so that missing frames are empty masks.
        bce_weight: Factor of the cross entropy.
        dice_weight: Factor of dice.
        eps: As in the loss.

    Returns:
        (Q, N) costs.
    """
    probability = logits.sigmoid()
    # BCE(x, t) = softplus(x) - x t: two matrix products stand for all pairs
    if point_known is None:
        positive = F.softplus(logits).sum(dim=1, keepdim=True)
        predicted = probability.sum(dim=1, keepdim=True)
        counted = logits.shape[1]
    else:
        targets = targets * point_known
        positive = F.softplus(logits) @ point_known.T
        predicted = probability @ point_known.T
        counted = point_known.sum(dim=1).clamp(min=1)
    bce = (positive - logits @ targets.T) / counted
    dice = 1 - (2 * probability @ targets.T + eps) / (predicted + targets.sum(dim=1) + eps)
    return bce_weight * bce + dice_weight * dice


def class_match_cost(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute minus the probability of each instance's class: (Q, C + 1), (N,) -> (Q, N)."""
    return -logits.softmax(dim=-1)[:, labels]


def solve_assignments(costs: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Solve many assignment problems after a single transfer to the host.

    Args:
        costs: (Q, N) cost matrices; Q and N may differ between them.

    Returns:
        Per matrix (query indices, instance indices) of the pairs, sorted by instance; on the host.
    """
    if not costs:
        return []
    matches = []
    for values in read_from_device(*costs):
        values = torch.nan_to_num(values, nan=1e6, posinf=1e6, neginf=-1e6)
        queries, instances = linear_sum_assignment(values.numpy())
        order = instances.argsort()
        matches.append((torch.from_numpy(queries[order]), torch.from_numpy(instances[order])))
    return matches
