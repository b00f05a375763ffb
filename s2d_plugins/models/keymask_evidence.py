"""How far an unmatched query is proven to be background when labels are sparse."""

from collections.abc import Sequence

import torch
from torch import Tensor

from s2d_plugins.arguments import check_share
from s2d_plugins.registry import TASK_UTILS

from .clip_targets import ClipTargets


@TASK_UTILS.register_module()
class KeymaskEvidence:
    """Weigh the no-object target of unmatched queries by what the keymasks prove.

    A model that starts from published weights trains its masks alone (class loss weight 0). From
    scratch the class head has to learn too, and then an unmatched query is no proof of
    background: it may follow an object that has no keymask in the clip. What is proven is that it
    repeats a known object, or that it predicts nothing. Elsewhere background is only likely.
    The weight of a query is the mean over its predicted pixels, in frames with keymasks, of 1 on
    keymasks and ``unproven_weight`` beside them; it is 1 where the query predicts nothing there,
    and ``unproven_weight`` where the clip has no keymask at all.

    With ``unproven_weight=0`` nothing ever teaches queries to reject background: measured on
    DAVIS with a third of the frames labelled, all queries then score about 0.9 and the best-scored
    tube of a video is rarely the object.

    Args:
        unproven_weight: Weight of the no-object target where nothing is proven, from 0 to 1.

    Raises:
        S2DInputError: If ``unproven_weight`` is outside that range.
    """

    def __init__(self, unproven_weight: float = 0.5):
        check_share(self, unproven_weight=unproven_weight)
        self.unproven_weight = unproven_weight

    def __call__(self, mask_logits: Tensor, targets: Sequence[ClipTargets]) -> Tensor:
        """Weigh the queries of a batch of clips.

        Args:
            mask_logits: (B, Q, T, h, w).
            targets: B clips with masks on the same (h, w) grid.

        Returns:
            (B, Q) weights from 0 to 1.
        """
        known = torch.stack([clip.known_there.any(dim=0) for clip in targets])
        covered = torch.stack([clip.masks.amax(dim=0) if len(clip) else
                               mask_logits.new_zeros(mask_logits.shape[2:]) for clip in targets])
        predicted = (mask_logits.detach() > 0) & known[:, None, :, None, None]
        area = predicted.flatten(2).sum(dim=2)
        shared = torch.einsum('bqp,bp->bq', predicted.flatten(2).float(),
                              (covered > 0.5).flatten(1).float())
        proven = torch.where(area > 0, shared / area.clamp(min=1), torch.ones_like(shared))
        proven = proven * known.any(dim=1, keepdim=True)
        return self.unproven_weight + (1 - self.unproven_weight) * proven
