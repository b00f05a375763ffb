"""The cascade of CutLER's and CutS3D's detector: detectron2's, in mmdet's parts."""

from mmdet.models.roi_heads import CascadeRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import empty_instances, unpack_gt_instances
from mmdet.structures.bbox import bbox2roi
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ..arguments import check_share
from ..registry import MODELS
from .finite_scores import check_finite_scores
from .region_weights import kept_regions

Features = tuple[Tensor, ...]


def _pooled(extractor: nn.Module, x: Features, rois: Tensor) -> Tensor:
    """Read the features of regions (R, 5); half precision would move the regions by a pixel."""
    return extractor([level.float() for level in x[:extractor.num_inputs]], rois)


@MODELS.register_module()
class MeanProbabilityCascadeHead(CascadeRoIHead):
    """A cascade whose scores are the mean of its stages' probabilities, with one mask head.

    mmdet's ``CascadeRoIHead`` averages logits instead and has a mask head per stage. In training
    all regions of a stage go on to the next, which labels them anew; the gradient that reaches
    the features is shared between the stages; masks are learnt from the first stage's regions.

    Args:
        drop_iou: CutLER's DropLoss: a region whose predicted box overlaps every mask's box by at
            most this is left out of the classification loss, as it may be an object that has no
            mask. The loss is still divided by the number of all regions. None: all take part.
        **kwargs: Of ``CascadeRoIHead``; ``mask_head`` and ``mask_roi_extractor`` are single. The
            box heads regress boxes without classes (``reg_class_agnostic=True``).

    Raises:
        S2DInputError: If ``drop_iou`` is out of its range.
    """

    def __init__(self, drop_iou: float | None = None, **kwargs):
        check_share(self, drop_iou=drop_iou, optional=True)
        super().__init__(**kwargs)
        self.drop_iou = drop_iou

    def init_mask_head(self, mask_roi_extractor: dict, mask_head: dict) -> None:
        """Build the mask head and what reads its regions."""
        self.share_roi_extractor = False
        self.mask_roi_extractor = MODELS.build(mask_roi_extractor)
        self.mask_head = MODELS.build(mask_head)

    def loss(self, x: Features, rpn_results_list: list[InstanceData],
             batch_data_samples: list) -> dict[str, Tensor]:
        """Compute the losses of all stages and of the mask head.

        Args:
            x: Features, finest first, (N, C, H, W) each.
            rpn_results_list: Per image the proposals' ``bboxes`` (P, 4) in pixels.
            batch_data_samples: Per image ``gt_instances`` with bboxes, labels and masks.
        """
        truth, ignored, metas = unpack_gt_instances(batch_data_samples)
        losses = {}
        boxes = [results.bboxes for results in rpn_results_list]
        for stage in range(self.num_stages):
            self.current_stage = stage
            regions = [self._sample(stage, *of_image)
                       for of_image in zip(boxes, truth, ignored, strict=True)]
            if stage == 0 and self.with_mask:
                losses.update(self.mask_loss(stage, x, regions, truth)['loss_mask'])
            results = self._stage_loss(stage, x, regions, [found.bboxes for found in truth])
            for name, value in results['losses'].items():
                weight = self.stage_loss_weights[stage] if 'loss' in name else 1
                losses[f's{stage}.{name}'] = value * weight
            boxes = self._refine(stage, results['rois'], results['bbox_pred'].detach(), metas)
            boxes = [found[(found[:, 2:] > found[:, :2]).all(dim=1)] for found in boxes]
        return losses

    def mask_loss(self, stage: int, x: Features, sampling_results: list[SamplingResult],
                  batch_gt_instances: list[InstanceData]) -> dict:
        """Compute the mask head's loss, as mmdet does for one stage."""
        rois = bbox2roi([regions.pos_priors for regions in sampling_results])
        return self.mask_head.loss_and_target(
            self._mask_forward(stage, x, rois)['mask_preds'], sampling_results,
            batch_gt_instances, self.train_cfg[stage])

    def predict_bbox(self, *args, **kwargs) -> list[InstanceData]:
        """See ``CascadeRoIHead``; boxes and scores are float32."""
        results = super().predict_bbox(*args, **kwargs)
        for found in results:
            found.bboxes, found.scores = found.bboxes.float(), found.scores.float()
        return results

    def predict_mask(self, x: Features, batch_img_metas: list[dict],
                     results_list: list[InstanceData], rescale: bool = False
                     ) -> list[InstanceData]:
        """See ``CascadeRoIHead``; the one head is asked once."""
        rois = bbox2roi([found.bboxes for found in results_list])
        if len(rois) == 0:
            return empty_instances(batch_img_metas, rois.device, task_type='mask',
                                   instance_results=results_list,
                                   mask_thr_binary=self.test_cfg.mask_thr_binary)
        logits = self._mask_forward(0, x, rois)['mask_preds'].float()
        return self.mask_head.predict_by_feat(
            logits.split([len(found) for found in results_list]), results_list, batch_img_metas,
            self.test_cfg, rescale=rescale)

    def _sample(self, stage: int, boxes: Tensor, truth: InstanceData,
                ignored: InstanceData) -> SamplingResult:
        """Choose the regions (N, 4) of a stage in one image and label them."""
        priors = InstanceData(priors=boxes)
        assigned = self.bbox_assigner[stage].assign(priors, truth, ignored)
        return self.bbox_sampler[stage].sample(assigned, priors, truth)

    def _stage_loss(self, stage: int, x: Features, regions: list[SamplingResult],
                    truth: list[Tensor]) -> dict:
        """Run a stage on its regions; ``losses``, ``rois`` (R, 5) and ``bbox_pred`` (R, 4)."""
        head = self.bbox_head[stage]
        rois = bbox2roi([found.priors for found in regions])
        results = self._bbox_forward(stage, x, rois)
        scores, deltas = results['cls_score'], results['bbox_pred']
        labels, weights, *boxes = head.get_targets(regions, self.train_cfg[stage])
        share = 1.0
        if self.drop_iou is not None:
            decoded = head.bbox_coder.decode(rois[:, 1:], deltas.detach().float())
            kept = kept_regions(decoded.split([len(found.priors) for found in regions]), truth,
                                self.drop_iou).to(weights)
            weights, share = weights * kept, kept.mean() if len(kept) else 1.0
        losses = head.loss(scores, deltas, rois, labels, weights, *boxes)
        if 'loss_cls' in losses:  # mmdet divides by the kept ones
            losses['loss_cls'] = losses['loss_cls'] * share
        return dict(losses=losses, rois=rois, bbox_pred=deltas)

    def _bbox_forward(self, stage: int, x: Features, rois: Tensor) -> dict[str, Tensor]:
        features = _pooled(self.bbox_roi_extractor[stage], x, rois)
        if self.training:  # the same values, of which the gradient is divided
            features = features / self.num_stages + (
                features * (1 - 1 / self.num_stages)).detach()
        scores, deltas = self.bbox_head[stage](features)
        return dict(cls_score=scores, bbox_pred=deltas, bbox_feats=features)

    def _mask_forward(self, stage: int, x: Features, rois: Tensor) -> dict[str, Tensor]:
        return dict(mask_preds=self.mask_head(_pooled(self.mask_roi_extractor, x, rois)))

    def _refine_roi(self, x: Features, rois: Tensor, batch_img_metas: list[dict],
                    num_proposals_per_img: tuple[int, ...], **kwargs) -> tuple:
        """Let the stages refine the regions (R, 5) and judge them.

        Returns:
            Per image the last stage's regions, the logarithms (float64, so that the softmax that
            follows gives them back) of the mean probabilities, and the last stage's deltas.

        Raises:
            S2DInputError: If no score is finite.
        """
        counts = num_proposals_per_img
        probabilities = []
        for stage in range(self.num_stages):
            results = self._bbox_forward(stage, x, rois)
            deltas = results['bbox_pred'].float()
            probabilities.append(results['cls_score'].float().softmax(dim=-1))
            if stage < self.num_stages - 1:
                rois = bbox2roi(self._refine(stage, rois, deltas, batch_img_metas))
        mean = sum(probabilities) * (1 / self.num_stages)
        check_finite_scores(mean)
        return rois.split(counts), mean.double().log().split(counts), deltas.split(counts)

    def _refine(self, stage: int, rois: Tensor, deltas: Tensor,
                metas: list[dict]) -> list[Tensor]:
        """Move the regions (R, 5) by deltas (R, 4), within their images; boxes per image."""
        boxes = []
        for index, meta in enumerate(metas):
            of_image = rois[:, 0] == index
            boxes.append(self.bbox_head[stage].bbox_coder.decode(
                rois[of_image, 1:], deltas[of_image].float(), max_shape=meta['img_shape']))
        return boxes
