"""mmdet's RPN head with the proposals in the order of their logits."""

import torch
from mmcv.ops import nms
from mmdet.models.dense_heads import RPNHead
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from ..registry import MODELS
from .finite_scores import check_finite_scores


@MODELS.register_module()
class RankedRPNHead(RPNHead):
    """Chooses the proposals that detectron2's RPN chooses.

    mmdet ranks by float32 sigmoids, in which different logits become equal, and moves the boxes
    of each level aside before one NMS, which rounds them. Here logits rank, and each level has an
    NMS of its own. The weights are those of ``RPNHead``.
    """

    def _predict_by_feat_single(self, cls_score_list: list[Tensor], *args, **kwargs
                                ) -> InstanceData:
        # float64 sigmoids keep the order of float32 logits
        results = super()._predict_by_feat_single(
            [scores.double() for scores in cls_score_list], *args, **kwargs)
        results.scores = results.scores.float()
        return results

    def _bbox_post_process(self, results: InstanceData, cfg: ConfigDict, rescale: bool = False,
                           with_nms: bool = True, img_meta: dict | None = None) -> InstanceData:
        """Drop boxes without area, then take the best of each level's NMS.

        Args:
            results: ``bboxes`` (N, 4), ``scores`` (N,) and ``level_ids`` (N,) of one image.
            cfg: ``nms`` with ``iou_threshold``, ``min_bbox_size`` and ``max_per_img``.
            rescale: Not for an RPN: its proposals stay at network size.
            with_nms: Always.
            img_meta: Unused.

        Raises:
            S2DInputError: If no score is finite, unless it is training.
        """
        assert with_nms and not rescale
        boxes = results.bboxes.float()
        if not self.training:
            check_finite_scores(results.scores)
        sides = boxes[:, 2:] - boxes[:, :2]
        order = results.scores.argsort(descending=True, stable=True)
        order = order[(sides[order] > max(cfg.get('min_bbox_size', 0), 0)).all(dim=1)]
        # float32 holds every rank
        ranks = torch.arange(len(order), 0, -1, device=boxes.device, dtype=torch.float32)
        kept = [ranks.new_zeros(0, dtype=torch.long)]
        for level in results.level_ids.unique():
            of_level = (results.level_ids[order] == level).nonzero().flatten()
            chosen = nms(boxes[order[of_level]], ranks[of_level], cfg.nms.iou_threshold)[1]
            kept.append(of_level[chosen])
        best = order[torch.cat(kept).sort().values[:cfg.max_per_img]]
        return InstanceData(bboxes=boxes[best], scores=results.scores[best],
                            labels=torch.zeros_like(best))
