"""Which proposals the RPN chooses where float32 sigmoids cannot tell them apart."""

import torch
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from s2d_plugins.models import RankedRPNHead

CFG = ConfigDict(nms=dict(type='nms', iou_threshold=0.65), min_bbox_size=0, max_per_img=3)


def build():
    return RankedRPNHead(
        in_channels=4, feat_channels=4,
        anchor_generator=dict(type='mmdet.AnchorGenerator', scales=[8], ratios=[1.0],
                              strides=[4, 8], center_offset=0.0),
        bbox_coder=dict(type='mmdet.DeltaXYWHBBoxCoder'),
        loss_cls=dict(type='mmdet.CrossEntropyLoss', use_sigmoid=True),
        loss_bbox=dict(type='mmdet.L1Loss'))


def test_logits_rank():
    head = build()
    logits = [torch.tensor([20., 25., 21., 24.]).view(1, 2, 2), torch.tensor([[[22., -9.]]])]
    deltas = [torch.zeros(4, 2, 2), torch.zeros(4, 1, 2)]
    # by place; 32 pixels wide, clipped to the image, the second level's 64
    deltas[0][0] = torch.tensor([[0., 2.], [4., 6.]])
    priors = head.prior_generator.grid_priors([(2, 2), (1, 2)], device='cpu')
    found = head._predict_by_feat_single(
        logits, deltas, [None, None], priors,
        dict(img_shape=(400, 400)), ConfigDict(CFG, nms_pre=10))
    assert torch.sigmoid(torch.tensor(24.)) == torch.sigmoid(torch.tensor(25.))
    assert found.bboxes[:, 2].tolist() == [84., 212., 32.]  # of 25, 24, 22
    assert found.scores.dtype == found.bboxes.dtype == torch.float32


def test_levels_do_not_suppress_each_other_and_boxes_without_area_go():
    boxes = torch.tensor([[0., 0., 10., 10.], [0., 0., 10., 9.], [0., 0., 10., 10.],
                          [5., 5., 5., 9.]])
    results = InstanceData(bboxes=boxes, scores=torch.tensor([.6, .7, .8, .9]),
                           level_ids=torch.tensor([0, 0, 1, 1]))
    found = build()._bbox_post_process(results, CFG)
    # the first has IoU 0.9 with the better second
    assert torch.equal(found.bboxes, boxes[[2, 1]])
    assert found.scores.tolist() == [torch.tensor(.8).item(), torch.tensor(.7).item()]


def test_nothing_is_left_of_nothing():
    results = InstanceData(bboxes=torch.zeros(0, 4), scores=torch.zeros(0),
                           level_ids=torch.zeros(0, dtype=torch.long))
    assert len(build()._bbox_post_process(results, CFG)) == 0
