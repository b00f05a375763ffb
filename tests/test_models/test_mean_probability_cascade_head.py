"""The detector's cascade: whose probabilities it averages, and what its losses leave out."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from s2d_plugins.errors import S2DInputError
from s2d_plugins.models.region_weights import kept_regions
from s2d_plugins.registry import MODELS

sys.path.insert(0, str(Path(__file__).parents[1] / 'test_model_converters'))
from detector_files import narrow_detector  # noqa: E402

TRUTH = torch.tensor([[8., 8., 40., 40.]])
#: One that fits, one that touches, three far away.
REGIONS = torch.tensor([[8., 8., 40., 36.], [30., 30., 60., 60.], [44., 44., 60., 60.],
                        [0., 44., 30., 60.], [44., 0., 60., 30.]])


@pytest.fixture(scope='module')
def detector():
    init_default_scope('s2d_plugins')
    torch.manual_seed(0)
    return MODELS.build(narrow_detector().model)


def silence(head) -> None:
    """Let all stages keep their regions and say nothing of them."""
    for stage in head.bbox_head:
        for layer in (stage.fc_cls, stage.fc_reg):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.zeros_(layer.bias)


def features():
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(1, 16, 64 // stride, 64 // stride, generator=generator)
                 for stride in (4, 8, 16, 32))


def sample():
    found = DetDataSample(metainfo=dict(img_shape=(64, 64), ori_shape=(64, 64), pad_shape=(64, 64),
                                        scale_factor=(1.0, 1.0), batch_input_shape=(64, 64)))
    mask = np.zeros((1, 64, 64), np.uint8)
    mask[0, 8:40, 8:40] = 1
    found.gt_instances = InstanceData(bboxes=TRUTH, labels=torch.zeros(1, dtype=torch.long),
                                      masks=BitmapMasks(mask, 64, 64))
    return found


def test_the_mean_of_probabilities_not_of_logits(detector):
    head = detector.roi_head.eval()
    silence(head)
    logits = (0.0, 2.0, 6.0)
    for stage, logit in zip(head.bbox_head, logits, strict=True):
        stage.fc_cls.bias.data[0] = logit
    proposals = [InstanceData(bboxes=REGIONS[:1], scores=torch.ones(1))]
    with torch.no_grad():
        [found] = head.predict(features(), proposals, [sample()], rescale=False)
    probability = sum(1 / (1 + math.exp(-logit)) for logit in logits) / 3
    assert found.scores.tolist() == pytest.approx([probability], abs=1e-6)
    assert abs(1 / (1 + math.exp(-8 / 3)) - probability) > 0.05  # what the mean logit would give
    assert found.bboxes[0].tolist() == pytest.approx(REGIONS[0].tolist(), abs=1e-4)
    assert found.masks.shape == (1, 64, 64)


def test_stds_are_exact_and_there_is_one_mask_head(detector):
    coders = [tuple(head.bbox_coder.stds) for head in detector.roi_head.bbox_head]
    assert coders == [(.1, .1, .2, .2), (.05, .05, .1, .1), (1 / 30, 1 / 30, 1 / 15, 1 / 15)]
    assert not isinstance(detector.roi_head.mask_head, torch.nn.ModuleList)


# IoU with the truth (1024 pixels): 896 / 1024; 100 / (900 + 1024 - 100) = 0.0548; none
@pytest.mark.parametrize(('iou', 'kept'), [
    (0.01, [True, True, False, False, False]), (0.0548, [True, True, False, False, False]),
    (0.055, [True, False, False, False, False]), (0.875, [False] * 5)])
def test_regions_near_a_mask_are_kept(iou, kept):
    assert kept_regions([REGIONS], [TRUTH], iou).tolist() == kept
    assert kept_regions([REGIONS, REGIONS[:1]], [TRUTH, torch.zeros(0, 4)], iou).tolist() == [
        *kept, False]


@pytest.mark.parametrize(('drop_iou', 'share'), [(None, 1.0), (0.01, 3 / 6), (0.9, 1 / 6)])
def test_dropped_regions_count_as_regions_without_loss(detector, drop_iou, share):
    head = detector.roi_head.train()
    silence(head)
    head.drop_iou = drop_iou
    x = tuple(level.requires_grad_() for level in features())
    losses = head.loss(x, [InstanceData(bboxes=REGIONS, scores=torch.ones(5))], [sample()])
    # of two equal logits; the truth's box is a sixth region
    for stage in range(3):
        assert losses[f's{stage}.loss_cls'].item() == pytest.approx(math.log(2) * share)
    assert losses['loss_mask'].item() > 0 and 's1.loss_mask' not in losses
    sum(value for name, value in losses.items() if 'loss' in name).sum().backward()
    assert all(level.grad.isfinite().all() for level in x[:1])


def test_features_get_a_third_of_each_stage(detector):
    head = detector.roi_head
    rois = torch.cat([torch.zeros(1, 1), REGIONS[:1]], dim=1)
    torch.manual_seed(0)
    torch.nn.init.normal_(head.bbox_head[0].fc_cls.weight)
    gradients = {}
    for training in (True, False):
        head.train(training)
        x = tuple(level.requires_grad_() for level in features())
        head._bbox_forward(0, x, rois)['cls_score'][0, 0].backward()
        gradients[training] = x[0].grad
    assert gradients[True].abs().max() > 0
    torch.testing.assert_close(gradients[True] * 3, gradients[False])


def test_an_image_without_masks_or_regions(detector):
    head = detector.roi_head.train()
    head.drop_iou = 0.01
    empty = sample()
    empty.gt_instances = empty.gt_instances[:0]
    losses = head.loss(features(), [InstanceData(bboxes=REGIONS, scores=torch.ones(5))], [empty])
    assert all(value.isfinite().all() for value in losses.values())
    head.eval()
    nothing = [InstanceData(bboxes=torch.zeros(0, 4), scores=torch.zeros(0))]
    with torch.no_grad():
        [found] = head.predict(features(), nothing, [sample()], rescale=False)
    assert len(found) == 0 and found.masks.shape[0] == 0


def test_a_step_of_training(detector):
    """Built from the training's config: every part gets a gradient."""
    config = narrow_detector('image/cutler_cascade-mask-rcnn_r50_fpn_8xb2-160k.py').model
    config.backbone.norm_cfg.type = config.neck.norm_cfg.type = 'BN'
    torch.manual_seed(0)
    model = MODELS.build(Config(config)).train()
    assert model.roi_head.drop_iou == 0.01
    batch = dict(inputs=[torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)] * 2,
                 data_samples=[sample(), sample()])
    data = model.data_preprocessor(batch, training=True)
    loss, _ = model.parse_losses(model(**data, mode='loss'))
    loss.backward()
    without = [name for name, weight in model.named_parameters() if weight.grad is None]
    assert loss.isfinite() and not without


@pytest.mark.parametrize('value', ['0.1', -0.1, 1.1, float('nan')])
def test_wrong_drop_iou(value):
    with pytest.raises(S2DInputError, match='drop_iou'):
        MODELS.build(dict(type='MeanProbabilityCascadeHead', drop_iou=value))
