"""Mask2Former head for video that learns from keymasks (S2D, arXiv 2512.14440)."""

from collections.abc import Sequence

import torch
from mmdet.models.utils import get_uncertain_point_coords_with_randomness
from mmdet.utils import reduce_mean
from torch import Tensor

from s2d_plugins.arguments import (
    check_choice,
    check_config,
    check_count,
    check_flag,
    check_number,
    check_share,
)
from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import MODELS, TASK_UTILS

from .clip_decoder_head import ClipDecoderHead
from .clip_matching import (
    class_match_cost,
    mask_match_cost,
    read_match_weights,
    solve_assignments,
)
from .clip_targets import ClipTargets, collect_clip_targets
from .host_transfers import send_to_device
from .layer_rows import LayerRows, make_layer_rows
from .point_weights import (
    draw_place,
    grid_steps,
    importance_weights,
    logits_at,
    sample_points,
)
from .temporal_drop_loss import TemporalDropLoss

_SIZES = ('num_frames', 'num_queries', 'num_classes', 'feat_channels', 'out_channels',
          'num_transformer_feat_level')


@MODELS.register_module()
class SparseToDenseHead(ClipDecoderHead):
    """mmdet's Mask2Former video head with targets that are known in some frames only.

    The forward pass is mmdet's, so its checkpoints fit. Losses and matching differ: instances
    carry which frames are known; the mask losses are usually wrapped in
    :class:`TemporalDropLoss`; where ``train_cfg.num_points`` exceeds the logits of a frame they
    are taken on the whole grid with weights that equal the published point sampling in
    expectation. However many layers there are, losses and matchings read from the device once.

    Args:
        match_known_frames_only: Leave frames without a keymask out of the matching cost. The
            authors' cost counts them as empty masks.
        grid: Where on the grid the mask losses read logits and masks: ``'moving'``, at one pixel
            of every cell, another one at each call, which gives the published mask loss within
            1.5 % and dice within 2.5 %; or ``'fixed'``, the means of the cells.
        unmatched_queries: Config of an object that weighs the no-object target of unmatched
            queries, such as :class:`KeymaskEvidence`; None gives each weight 1.
        **kwargs: As for mmdet's ``Mask2FormerTrackHead``.

    Raises:
        S2DInputError: If an argument is of another type or out of its range, or a match cost is
            one that the clip matching does not compute.
    """

    def __init__(self, *args, match_known_frames_only: bool = False,
                 grid: str = 'moving', unmatched_queries: dict | None = None, **kwargs):
        check_flag(self, match_known_frames_only=match_known_frames_only)
        check_choice(self, ('moving', 'fixed'), grid=grid)
        check_config(self, unmatched_queries=unmatched_queries, optional=True)
        check_count(self, **{name: kwargs[name] for name in _SIZES if name in kwargs})
        super().__init__(*args, **kwargs)
        self.grid = grid
        self.match_known_frames_only = match_known_frames_only
        self.unmatched_queries = unmatched_queries and TASK_UTILS.build(unmatched_queries)
        # they weigh the queries here, so that the loss need not send them to the device each time
        self.register_buffer('_class_weights', torch.tensor(self.class_weight, dtype=torch.float32),
                             persistent=False)
        if hasattr(self.loss_cls, 'class_weight'):
            self.loss_cls.class_weight = None
        self.drops_frames = all(isinstance(loss, TemporalDropLoss)
                                for loss in (self.loss_mask, self.loss_dice))
        if self.train_cfg:
            check_count(self, num_points=self.num_points)
            check_number(self, oversample_ratio=self.oversample_ratio, low=1)
            check_share(self, importance_sample_ratio=self.importance_sample_ratio)
            self.match_weights = read_match_weights(self.assigner.match_costs)

    def loss(self, x: Sequence[Tensor], data_samples: Sequence) -> dict[str, Tensor]:
        """Compute all layers' losses of a batch of clips (multi-level features, B samples)."""
        targets = self.collect_targets(data_samples)
        return self.losses_by_targets(*self(x, clips=len(targets)), [targets])[0]

    def collect_targets(self, data_samples: Sequence) -> list[ClipTargets]:
        """Read what is known about each clip from its ``TrackDataSample``.

        Raises:
            S2DInputError: If a clip has another number of frames than the head.
        """
        for sample in data_samples:
            if len(sample) != self.num_frames:
                raise S2DInputError(
                    f'expected clips of {self.num_frames} frames, found {len(sample)} in that of '
                    f'{sample[0].metainfo.get("img_path", "?")}; set num_frames of '
                    'KeymaskClipSample and of track_head to the same number')
        return collect_clip_targets([[sample[t] for t in range(len(sample))]
                                     for sample in data_samples], self.num_classes,
                                    self.query_feat.weight.device)

    def losses_by_targets(self, cls_scores: Sequence[Tensor], mask_preds: Sequence[Tensor],
                          target_sets: Sequence[Sequence[ClipTargets]],
                          ) -> list[dict[str, Tensor]]:
        """Compute the losses of every decoder layer, each with its own matching.

        Args:
            cls_scores: Per layer (B, Q, C + 1) logits.
            mask_preds: Per layer (B, Q, T, h, w) logits.
            target_sets: Ways to see the B clips, such as keymasks and the teacher's masks; each
                has B clips at input resolution.

        Returns:
            Per set ``loss_cls``, ``loss_mask`` and ``loss_dice`` of the last layer and, prefixed
            ``d0.``, ``d1.``, ..., of the others. Mask losses are divided by the number of
            instances in the batch over all workers (at least 1).
        """
        # in half precision sums over the grid overflow
        with torch.autocast(mask_preds[0].device.type, enabled=False):
            return self._losses([scores.float() for scores in cls_scores],
                                [preds.float() for preds in mask_preds], target_sets)

    def _losses(self, cls_scores, mask_preds, target_sets) -> list[dict[str, Tensor]]:
        grids = [[clip.resized(mask_preds[-1].shape[-2:]) for clip in targets]
                 for targets in target_sets]
        matches = self._match(cls_scores, mask_preds, target_sets, grids)
        counts = torch.tensor([float(sum(map(len, targets))) for targets in target_sets])
        counts = reduce_mean(send_to_device([counts], mask_preds[0].device)[0]).clamp(min=1)
        losses = []
        for targets, grid_targets, found, num_instances in zip(target_sets, grids, matches,
                                                               counts, strict=True):
            layers = make_layer_rows(found, targets, self.num_queries, self.num_classes,
                                     self.drops_frames)
            terms = {}
            for layer, rows in enumerate(layers):
                prefix = '' if layer == len(layers) - 1 else f'd{layer}.'
                terms[f'{prefix}loss_cls'] = self._class_loss(
                    cls_scores[layer], mask_preds[layer], rows, grid_targets)
                terms[f'{prefix}loss_mask'], terms[f'{prefix}loss_dice'] = self._mask_losses(
                    mask_preds[layer], rows, targets, grid_targets, num_instances)
            losses.append(terms)
        return losses

    def _uses_grid(self, mask_preds: Tensor) -> bool:
        return self.num_points >= mask_preds.shape[-2] * mask_preds.shape[-1]

    @torch.no_grad()
    def _match(self, cls_scores, mask_preds, target_sets, grids):
        """Match each set, layer and clip; per set and layer a list over clips of index pairs."""
        points = [[self._matching_points(mask_preds[0], clip, grid)
                   for clip, grid in zip(targets, grid_targets, strict=True)]
                  for targets, grid_targets in zip(target_sets, grids, strict=True)]
        solved = iter(solve_assignments([
            self._match_cost(scores[clip], preds[clip], *at_points)
            for clips in points for scores, preds in zip(cls_scores, mask_preds, strict=True)
            for clip, at_points in enumerate(clips)]))
        return [[[next(solved) for _ in clips] for _ in mask_preds] for clips in points]

    def _match_cost(self, scores, preds, labels, masks, known, coords):
        """Cost (Q, N) of one layer's queries and one clip's instances."""
        logits = preds if coords is None else sample_points(
            preds.flatten(0, 1), coords.expand(len(preds) * preds.shape[1], -1, -1))
        cost = mask_match_cost(logits.reshape(len(preds), -1), masks, known,
                               self.match_weights['mask'], self.match_weights['dice'])
        return cost + self.match_weights['cls'] * class_match_cost(scores, labels)

    def _matching_points(self, mask_preds, clip, grid):
        """Targets of one clip at the points of the matching: the grid, or evenly drawn ones."""
        if self._uses_grid(mask_preds):
            masks, coords = grid.masks, None
        else:
            coords = torch.rand((1, self.num_points, 2), device=mask_preds.device)
            frames = clip.masks.flatten(0, 1).float()
            masks = sample_points(frames, coords.expand(len(frames), -1, -1)).view(
                *clip.known.shape, -1)
        known = None
        if self.match_known_frames_only:
            cells = masks.shape[2:].numel()
            known = clip.known_there[:, :, None].expand(-1, -1, cells).flatten(1).float()
        return clip.labels_there, masks.flatten(1), known, coords

    def _mask_losses(self, mask_preds, rows: LayerRows, targets, grid_targets, num_instances):
        pred = mask_preds.flatten(0, 2).index_select(0, rows.predicted)
        on_grid = self._uses_grid(mask_preds)
        steps = grid_steps(targets[0].masks.shape[-2:], pred.shape[-2:]) if (
            on_grid and self.grid == 'moving') else None
        if steps is not None:
            row, column = draw_place(steps)
            pred = logits_at(pred, (row, column), steps)
            masks = [clip.masks[..., row::steps[0], column::steps[1]] for clip in targets]
        else:
            masks = [clip.masks for clip in (grid_targets if on_grid else targets)]
        target = torch.cat([part.flatten(0, 1).index_select(0, taken) for part, taken
                            in zip(masks, rows.target, strict=True)]).float()
        if len(pred) == 0:
            return mask_preds.sum() * 0, mask_preds.sum() * 0
        if on_grid:
            pred, target = pred.flatten(1), target.flatten(1)
            weight = importance_weights(pred, self.num_points, self.oversample_ratio,
                                        self.importance_sample_ratio)
        else:
            with torch.no_grad():
                points = get_uncertain_point_coords_with_randomness(
                    pred.unsqueeze(1), None, self.num_points, self.oversample_ratio,
                    self.importance_sample_ratio)
                target = sample_points(target, points)
            pred, weight = sample_points(pred, points), None
        mask = self._take(self.loss_mask, pred, target, weight, rows.known,
                          num_instances * self.num_points)
        dice = self._take(self.loss_dice, pred, target, weight, rows.known, num_instances)
        return mask, dice

    @staticmethod
    def _take(loss, pred, target, weight, known, avg_factor):
        """Call a mask loss; only Temporal DropLoss is told what is known."""
        extra = dict(known=known) if isinstance(loss, TemporalDropLoss) else {}
        return loss(pred, target, weight, avg_factor=avg_factor, **extra)

    def _class_loss(self, cls_scores, mask_preds, rows: LayerRows, grid_targets):
        weights = self._class_weights[rows.labels]
        if self.unmatched_queries is not None:
            proven = self.unmatched_queries(mask_preds, grid_targets).flatten()
            weights = torch.where(rows.matched, weights, weights * proven)
        return self.loss_cls(cls_scores.flatten(0, 1), rows.labels, weights,
                             avg_factor=weights.sum().clamp(min=1e-6))
