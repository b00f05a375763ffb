from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from s2d_plugins.registry import HOOKS, METRICS, MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[1] / 'configs'
STAGES = sorted(path.relative_to(CONFIGS).as_posix() for stage in ('sparse_to_dense', 'final')
                for path in (CONFIGS / stage).glob('*.py'))


def build(name):
    config = Config.fromfile(CONFIGS / name)
    init_default_scope(config.default_scope)
    return config, MODELS.build(config.model)


@pytest.mark.parametrize('name', STAGES)
def test_every_stage_config_builds_its_model_hooks_and_transforms(name):
    config, model = build(name)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) > 0
    for hook in config.get('custom_hooks', []):
        HOOKS.build(hook)
    pipeline = config.train_dataloader.dataset
    pipeline = pipeline.get('pipeline') or pipeline.dataset.pipeline
    for transform in pipeline:
        TRANSFORMS.build(transform)
    assert config.test_evaluator.type in METRICS


def test_sparse_to_dense_is_the_published_one():
    config, model = build('sparse_to_dense/s2d_mask2former_r50_32k.py')
    head = model.student.track_head
    assert (head.num_queries, head.num_classes, head.num_frames) == (100, 1, 3)
    assert (head.num_points, head.oversample_ratio, head.importance_sample_ratio) == (
        160000, 3.0, 0.75)
    assert len(head.pixel_decoder.encoder.layers) == 6
    assert len(head.transformer_decoder.layers) == 9
    assert [head.loss_mask.loss.loss_weight, head.loss_dice.loss.loss_weight,
            head.loss_cls.loss_weight] == [5.0, 5.0, 0.0]
    assert not head.match_known_frames_only
    assert (model.teacher_score_thr, model.teacher_max_instances) == (0.75, 100)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', 1e-6, 0.05)
    assert config.optim_wrapper.clip_grad.max_norm == 0.01
    assert config.optim_wrapper.type == 'AmpOptimWrapper'
    assert config.optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult == 0.1
    assert config.custom_hooks[0].momentum == pytest.approx(1 - 0.999)
    assert config.train_cfg.max_iters == 32000
    assert config.param_scheduler[0].milestones == [20200]
    assert config.train_dataloader.batch_size == 4


def test_final_training_is_the_published_one():
    config, model = build('final/final_mask2former_r50_80k.py')
    head = model.track_head
    assert [head.loss_mask.loss_weight, head.loss_dice.loss_weight,
            head.loss_cls.loss_weight] == [5.0, 5.0, 2.0]
    assert head.class_weight == [1.0, 0.1]
    assert head.num_points == 12544
    assert config.optim_wrapper.optimizer.lr == 2e-5
    assert config.train_cfg.max_iters == 80000
    assert config.train_dataloader.batch_size == 16
