"""Temporal DropLoss (S2D, arXiv 2512.14440): no loss where nothing is known."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from s2d_plugins.arguments import check_config, check_count
from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import MODELS


@MODELS.register_module()
class TemporalDropLoss(BaseModule):
    """Wrap a mask loss so that frames without a keymask are neither positive nor negative.

    A row is one frame of one matched (query, instance) pair. Rows of frames in which the instance
    has no keymask never reach the wrapped loss: their value and their gradient are exactly zero,
    and the average factor, the number of instances, does not change with them.

    The wrapper stands wherever a mask loss stands in a config. A host head that knows nothing of
    keymasks, such as mmdet's ``Mask2FormerTrackHead``, passes no ``known``; then a row whose
    target is empty is taken as unknown, because that head fills missing frames with zeros.

    Args:
        loss: Config of the wrapped loss, for example mmdet's sigmoid ``CrossEntropyLoss``
            or ``DiceLoss``.
        num_points: Points per row; needed only by host heads that pass all rows flattened to one
            dimension, as mmdet's do for the cross entropy.

    Raises:
        S2DInputError: If ``loss`` is no config or ``num_points`` no count.
    """

    def __init__(self, loss: dict, num_points: int | None = None):
        super().__init__()
        check_config(self, loss=loss)
        check_count(self, num_points=num_points, optional=True)
        self.loss = MODELS.build(loss)
        self.num_points = num_points

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor | None = None,
                avg_factor: float | Tensor | None = None, known: Tensor | None = None) -> Tensor:
        """Take the wrapped loss over the known rows.

        Args:
            pred: (R, P) mask logits at P points of R frames, or (R * P,).
            target: Like ``pred``, 0 to 1.
            weight: (R, P) weights of the points, handed on to the wrapped loss.
            avg_factor: What the sum is divided by, handed on to the wrapped loss.
            known: (R,) bool, True where the instance has a keymask in the frame. In the host's
                memory nothing is read from the device.

        Returns:
            A scalar; zero, and still part of the graph, when no row is known.

        Raises:
            S2DInputError: If the rows of flattened input cannot be told apart.
        """
        flat = pred.dim() == 1
        if flat:
            pred, target = self._as_rows(pred), self._as_rows(target)
            weight = None if weight is None else self._as_rows(weight)
        if known is None:
            known = target.flatten(1).any(dim=1)
        rows = known.nonzero()[:, 0]
        if len(rows) == 0:
            return pred.sum() * 0
        if len(rows) < len(known):
            rows = rows.to(pred.device, non_blocking=True)
            pred, target = pred[rows], target[rows]
            weight = None if weight is None else weight[rows]
        if flat:
            pred, target = pred.flatten(), target.flatten()
            weight = None if weight is None else weight.flatten()
        return self.loss(pred, target, weight, avg_factor=avg_factor)

    def _as_rows(self, flat: Tensor) -> Tensor:
        if self.num_points is None or flat.numel() % self.num_points:
            raise S2DInputError(
                f'TemporalDropLoss got {flat.numel()} flattened values, which do not divide into '
                f'rows of num_points={self.num_points}; set num_points to the head\'s train_cfg '
                'value')
        return flat.view(torch.Size((-1, self.num_points)))
