"""CutLER's DropLoss: which regions of a detector take part in its classification loss."""

from collections.abc import Sequence

import torch
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor


def kept_regions(boxes: Sequence[Tensor], targets: Sequence[Tensor], iou: float) -> Tensor:
    """Say which predicted boxes overlap one of their image's targets by more than ``iou``.

    Those that do not may be objects for which there is no mask: they are not called background.

    Args:
        boxes: Per image the predicted boxes (N, 4), corners x1, y1, x2, y2 in pixels.
        targets: Per image the boxes (M, 4) of the masks; without any none is kept.
        iou: Intersection over union up to which a box is left out.

    Returns:
        (sum of N,) bool.
    """
    return torch.cat([
        (bbox_overlaps(found, wanted) > iou).any(dim=1) for found, wanted
        in zip(boxes, targets, strict=True)])
