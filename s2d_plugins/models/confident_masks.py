"""A teacher's confident masks as targets (S2D, arXiv 2512.14440)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .clip_targets import ClipTargets
from .host_transfers import read_from_device, send_to_device
from .window_inference import keep_best
from .window_tracks import tube_iou


def confident_targets(cls_scores: Tensor, mask_preds: Tensor, size: tuple[int, int],
                      score_thr: float, max_instances: int,
                      nms_iou: float | None = None) -> list[ClipTargets]:
    """Turn predictions for B clips into targets; frames in which a mask is empty are unknown.

    Two values are read from the device, with ``nms_iou`` three, however many clips there are.

    Args:
        cls_scores: (B, Q, C + 1) class logits.
        mask_preds: (B, Q, T, h, w) mask logits.
        size: Rows and columns of the targets; logits are enlarged bilinearly and cut at 0.
        score_thr: Masks below this score are no targets.
        max_instances: At most so many a clip, the best first.
        nms_iou: Of two tubes that overlap more, the worse is no target; None keeps both.
    """
    scores, labels = cls_scores.float().softmax(dim=-1)[..., :-1].max(dim=-1)
    scores, best = scores.topk(min(max_instances, scores.shape[1]), dim=1)
    scores, best, labels = read_from_device(scores, best, labels.gather(1, best))
    sure = [clip >= score_thr for clip in scores]
    chosen = [clip[keep].long() for clip, keep in zip(best, sure, strict=True)]
    labels = [clip[keep].long() for clip, keep in zip(labels, sure, strict=True)]
    logits = _take(mask_preds, chosen)
    if nms_iou is not None:
        kept = _without_repetitions(logits, nms_iou)
        logits = _take(logits, kept)
        labels = [clip[keep] for clip, keep in zip(labels, kept, strict=True)]
    masks = [_enlarge(clip, size) > 0 for clip in logits]
    known = [clip.bool() for clip in read_from_device(*[clip.flatten(2).any(dim=2)
                                                        for clip in masks])]
    seen = [clip.any(dim=1).nonzero()[:, 0] for clip in known]
    return [ClipTargets(*parts) for parts in zip(
        [clip[rows] for clip, rows in zip(labels, seen, strict=True)], _take(masks, seen),
        [clip[rows] for clip, rows in zip(known, seen, strict=True)], strict=True)]


def _take(clips: Sequence[Tensor] | Tensor, rows: Sequence[Tensor]) -> list[Tensor]:
    """Take rows, given on the host, of every clip."""
    rows = send_to_device(rows, clips[0].device)
    return [clip.index_select(0, taken) for clip, taken in zip(clips, rows, strict=True)]


def _without_repetitions(logits: Sequence[Tensor], iou_thr: float) -> list[Tensor]:
    """Per clip the tubes, best first, that overlap no better one that stays; on the host."""
    overlaps = read_from_device(*[tube_iou(clip > 0, clip > 0) > iou_thr for clip in logits])
    return [torch.tensor(keep_best(clip.bool().numpy()), dtype=torch.long) for clip in overlaps]


def _enlarge(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (N, T, h, w) logits bilinearly, also where N is 0."""
    enlarged = F.interpolate(logits.float().flatten(0, 1)[:, None], size, mode='bilinear',
                             align_corners=False)
    return enlarged.view(*logits.shape[:2], *size)
