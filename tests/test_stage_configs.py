"""The small stage configs build; tests/test_configs holds those of full size."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from s2d_plugins.registry import HOOKS, METRICS, MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[1] / 'configs'


@pytest.mark.parametrize('name', ['sparse_to_dense/s2d_small.py', 'final/final_small.py'])
def test_small_config_builds_its_model_hooks_and_transforms(name):
    config = Config.fromfile(CONFIGS / name)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
        for hook in (*config.default_hooks.values(), *config.get('custom_hooks', [])):
            HOOKS.build(hook)
        for transform in config.train_dataloader.dataset.pipeline:
            TRANSFORMS.build(transform)
        assert config.test_evaluator.type in METRICS
    assert 1e6 < sum(p.numel() for p in getattr(model, 'student', model).parameters()) < 6e6
