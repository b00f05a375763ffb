"""Temporal DropLoss in mmdet's own video model, head and schedule."""

import pytest
import torch
from config_files import make_batch, read_config, shrink
from mmdet.models import Mask2FormerVideo
from mmdet.models.tracking_heads import Mask2FormerTrackHead
from mmengine.registry import DefaultScope

from s2d_plugins.models import TemporalDropLoss
from s2d_plugins.registry import DATASETS, METRICS, MODELS

CONFIG = 'sparse_to_dense/mask2former_r50_8xb2-8e-temporal-drop_youtubevis2021.py'
BOX = (8, 8, 40, 40)


@pytest.fixture
def model():
    with DefaultScope.overwrite_default_scope('mmdet'):
        config = shrink(read_config(CONFIG))
        config.model.track_head.train_cfg.num_points = 64
        config.model.track_head.loss_mask.num_points = 64
        torch.manual_seed(0)
        yield MODELS.build(config.model).train()


def train_step(model, clip: list[dict]) -> tuple[dict, list[torch.Tensor]]:
    """Take a step; returns the losses and, per decoder layer, the gradient of the mask logits."""
    kept = []
    forward = model.track_head.forward

    def keep_masks(*args):
        scores, masks = forward(*args)
        for logits in masks:
            logits.retain_grad()
        kept.extend(masks)
        return scores, masks

    model.track_head.forward = keep_masks
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    losses = model.loss(**model.data_preprocessor(make_batch(clip), True))
    sum(losses.values()).backward()
    optimiser.step()
    return losses, [logits.grad for logits in kept]


def test_model_and_head_are_mmdets_own(model):
    assert type(model) is Mask2FormerVideo and type(model.track_head) is Mask2FormerTrackHead
    for loss in (model.track_head.loss_mask, model.track_head.loss_dice):
        assert isinstance(loss, TemporalDropLoss) and loss.loss.loss_weight == 5.0
    assert model.track_head.loss_mask.num_points == model.track_head.num_points


@pytest.mark.parametrize('known', [0, 1])
def test_frame_without_mask_has_no_influence(model, known):
    clip = [{}, {}]
    clip[known] = {1: BOX}
    losses, grads = train_step(model, clip)
    assert all(torch.isfinite(value) for value in losses.values())
    assert len(grads) == 2
    for grad in grads:
        assert not grad[:, :, 1 - known].any()
        assert grad[:, :, known].any()


def test_both_frames_count_when_both_are_known(model):
    _, grads = train_step(model, [{1: BOX}, {1: BOX}])
    for grad in grads:
        assert grad[:, :, 0].any() and grad[:, :, 1].any()


def test_clip_without_any_mask_trains_the_class_alone(model):
    losses, _ = train_step(model, [{}, {}])
    assert all(torch.isfinite(value) for value in losses.values())
    assert losses['loss_cls'] > 0


def test_full_size_and_data(no_weights):
    config = read_config(CONFIG)
    with DefaultScope.overwrite_default_scope('mmdet'):
        head = MODELS.build(config.model).track_head
        assert (head.num_classes, head.num_points) == (1, 12544)
        for loader in (config.train_dataloader, config.val_dataloader):
            dataset = DATASETS.build(dict(loader.dataset, lazy_init=True))
            assert dataset.metainfo['classes'] == ('object',)
        assert config.test_evaluator.type.removeprefix('s2d_plugins.') in METRICS
    # the rest is mmdet's
    assert (config.default_scope, config.max_iters, config.train_dataloader.batch_size) == (
        'mmdet', 8000, 2)
