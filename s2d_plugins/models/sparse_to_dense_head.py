"""Mask2Former head for video that learns from keymasks (S2D, arXiv 2512.14440)."""

from collections.abc import Sequence

import torch
from mmdet.models.tracking_heads import Mask2FormerTrackHead
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

from .clip_matching import class_match_cost, mask_match_cost, solve_assignments
from .clip_targets import ClipTargets, collect_clip_targets
from .point_weights import (
    draw_place,
    grid_steps,
    importance_weights,
    logits_at,
    sample_points,
)
from .temporal_drop_loss import TemporalDropLoss

#: mmdet's match costs that the clip matching computes, and the only options with which it does.
_COSTS = dict(ClassificationCost=('cls', {}),
              CrossEntropyLossCost=('mask', dict(use_sigmoid=True)),
              DiceCost=('dice', dict(pred_act=True, naive_dice=True, eps=1.0)))
_SIZES = ('num_frames', 'num_queries', 'num_classes', 'feat_channels', 'out_channels',
          'num_transformer_feat_level')


@MODELS.register_module()
class SparseToDenseHead(Mask2FormerTrackHead):
    """mmdet's Mask2Former video head with targets that are known in some frames only.

    The forward pass is mmdet's, so its checkpoints fit. Losses and matching differ: instances
    carry which frames are known; the mask losses are usually wrapped in
    :class:`TemporalDropLoss`; where ``train_cfg.num_points`` exceeds the logits of a frame they
    are taken on the whole grid with weights that equal the published point sampling in
    expectation; the matchings of all layers need one transfer to the host.

    Args:
        match_known_frames_only: Leave frames without a keymask out of the matching cost. The
            authors' cost counts them as empty masks.
        grid: Where on the grid the mask losses read logits and masks: ``'moving'``, at one pixel
            of every cell, another one at each call, which gives the published loss within 2 %;
            or ``'fixed'``, the means of the cells.
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
        self._latest_masks: Tensor | None = None
        self._keeps_all_layers = True
        self.drops_frames = all(isinstance(loss, TemporalDropLoss)
                                for loss in (self.loss_mask, self.loss_dice))
        if self.train_cfg:
            check_count(self, num_points=self.num_points)
            check_number(self, oversample_ratio=self.oversample_ratio, low=1)
            check_share(self, importance_sample_ratio=self.importance_sample_ratio)
            self.match_weights = _read_match_weights(self.assigner.match_costs)

    def forward_last(self, x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Run the decoder for its last layer alone.

        Only losses need the masks of the other layers, and those of ten layers of a long window
        take gigabytes.

        Returns:
            Class logits (B, Q, C + 1) and mask logits (B, Q, T, h, w) of the last layer.
        """
        self._keeps_all_layers = False
        try:
            return self(x, None)[0][-1], self._latest_masks
        finally:
            self._keeps_all_layers, self._latest_masks = True, None

    def _forward_head(self, *args) -> tuple[Tensor, Tensor | None, Tensor]:
        cls_pred, mask_pred, attn_mask = super()._forward_head(*args)
        if not self._keeps_all_layers:
            self._latest_masks, mask_pred = mask_pred, None
        return cls_pred, mask_pred, attn_mask

    def loss(self, x: Sequence[Tensor], data_samples: Sequence) -> dict[str, Tensor]:
        """Compute all layers' losses of a batch of clips (multi-level features, B samples)."""
        targets = self.collect_targets(data_samples)
        return self.loss_by_targets(*self(x, data_samples), targets)

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
        device = self.query_feat.weight.device
        return [collect_clip_targets([sample[t] for t in range(len(sample))], self.num_classes,
                                     device) for sample in data_samples]

    def loss_by_targets(self, cls_scores: Sequence[Tensor], mask_preds: Sequence[Tensor],
                        targets: Sequence[ClipTargets]) -> dict[str, Tensor]:
        """Compute the losses of every decoder layer, each with its own matching.

        Args:
            cls_scores: Per layer (B, Q, C + 1) logits.
            mask_preds: Per layer (B, Q, T, h, w) logits.
            targets: B clips at input resolution.

        Returns:
            ``loss_cls``, ``loss_mask`` and ``loss_dice`` of the last layer and, prefixed
            ``d0.``, ``d1.``, ..., of the others. Mask losses are divided by the number of
            instances in the batch over all workers (at least 1).
        """
        # in half precision sums over the grid overflow
        with torch.autocast(mask_preds[0].device.type, enabled=False):
            return self._losses([scores.float() for scores in cls_scores],
                                [preds.float() for preds in mask_preds], targets)

    def _losses(self, cls_scores, mask_preds, targets) -> dict[str, Tensor]:
        grid_targets = [clip.resized(mask_preds[-1].shape[-2:]) for clip in targets]
        matches = self._match(cls_scores, mask_preds, targets, grid_targets)
        num_instances = cls_scores[0].new_tensor([float(sum(map(len, targets)))])
        num_instances = reduce_mean(num_instances).clamp(min=1)
        losses = {}
        for layer, (scores, preds) in enumerate(zip(cls_scores, mask_preds, strict=True)):
            prefix = '' if layer == len(cls_scores) - 1 else f'd{layer}.'
            mask, dice = self._mask_losses(preds, matches[layer], targets, grid_targets,
                                           num_instances)
            losses[f'{prefix}loss_cls'] = self._class_loss(scores, preds, matches[layer],
                                                           grid_targets)
            losses[f'{prefix}loss_mask'], losses[f'{prefix}loss_dice'] = mask, dice
        return losses

    def _uses_grid(self, mask_preds: Tensor) -> bool:
        return self.num_points >= mask_preds.shape[-2] * mask_preds.shape[-1]

    @torch.no_grad()
    def _match(self, cls_scores, mask_preds, targets, grid_targets):
        """Match each layer and clip; returns per layer a list over clips of index pairs."""
        costs = []
        points = [self._matching_points(mask_preds[0], clip, grid)
                  for clip, grid in zip(targets, grid_targets, strict=True)]
        for scores, preds in zip(cls_scores, mask_preds, strict=True):
            for clip, (labels, masks, known, coords) in enumerate(points):
                logits = preds[clip] if coords is None else sample_points(
                    preds[clip].flatten(0, 1), coords.expand(preds.shape[1] * preds.shape[2],
                                                             -1, -1))
                logits = logits.reshape(preds.shape[1], -1)
                cost = mask_match_cost(logits, masks, known, self.match_weights['mask'],
                                       self.match_weights['dice'])
                costs.append(cost + self.match_weights['cls'] * class_match_cost(scores[clip],
                                                                                 labels))
        solved = solve_assignments(costs)
        clips = len(targets)
        return [solved[i:i + clips] for i in range(0, len(solved), clips)]

    def _matching_points(self, mask_preds, clip, grid):
        """Targets of one clip at the points of the matching: the grid, or evenly drawn ones."""
        if self._uses_grid(mask_preds):
            masks, coords = grid.masks, None
        else:
            coords = torch.rand((1, self.num_points, 2), device=mask_preds.device)
            frames = clip.masks.flatten(0, 1)
            masks = sample_points(frames, coords.expand(len(frames), -1, -1)).view(
                *clip.known.shape, -1)
        known = None
        if self.match_known_frames_only:
            cells = masks.shape[2:].numel()
            known = clip.known[:, :, None].expand(-1, -1, cells).flatten(1).float()
        return clip.labels, masks.flatten(1), known, coords

    def _mask_losses(self, mask_preds, matches, targets, grid_targets, num_instances):
        pred = torch.cat([preds[queries] for preds, (queries, _)
                          in zip(mask_preds, matches, strict=True)])
        known = torch.cat([clip.known[instances] for clip, (_, instances)
                           in zip(targets, matches, strict=True)]).flatten()
        on_grid = self._uses_grid(mask_preds)
        pred = pred.flatten(0, 1)
        steps = grid_steps(targets[0].masks.shape[-2:], pred.shape[-2:]) if (
            on_grid and self.grid == 'moving') else None
        if steps is not None:
            row, column = draw_place(steps)
            pred = logits_at(pred, (row, column), steps)
            masks = [clip.masks[..., row::steps[0], column::steps[1]] for clip in targets]
        else:
            masks = [clip.masks for clip in (grid_targets if on_grid else targets)]
        target = torch.cat([part[instances] for part, (_, instances)
                            in zip(masks, matches, strict=True)]).flatten(0, 1)
        if self.drops_frames:  # points are taken only on frames that count
            pred, target, known = pred[known], target[known], known[known]
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
        mask = self._take(self.loss_mask, pred, target, weight, known,
                          num_instances * self.num_points)
        dice = self._take(self.loss_dice, pred, target, weight, known, num_instances)
        return mask, dice

    @staticmethod
    def _take(loss, pred, target, weight, known, avg_factor):
        """Call a mask loss; only Temporal DropLoss is told what is known."""
        extra = dict(known=known) if isinstance(loss, TemporalDropLoss) else {}
        return loss(pred, target, weight, avg_factor=avg_factor, **extra)

    def _class_loss(self, cls_scores, mask_preds, matches, grid_targets):
        labels = torch.full(cls_scores.shape[:2], self.num_classes, device=cls_scores.device)
        weights = cls_scores.new_ones(labels.shape) if self.unmatched_queries is None else \
            self.unmatched_queries(mask_preds, grid_targets)
        for clip, (queries, instances) in enumerate(matches):
            labels[clip, queries] = grid_targets[clip].labels[instances]
            weights[clip, queries] = 1
        labels, weights = labels.flatten(), weights.flatten()
        class_weight = cls_scores.new_tensor(self.class_weight)
        return self.loss_cls(cls_scores.flatten(0, 1), labels, weights,
                             avg_factor=(class_weight[labels] * weights).sum().clamp(min=1e-6))


def _read_match_weights(match_costs: Sequence) -> dict[str, float]:
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
