"""Numbers of a Runner's config, and loaders without workers."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.device import utils
from torch.utils.data import DataLoader

from s2d_plugins.apis.runner_settings import (
    LOADERS,
    check_numbers,
    fit_pinned_memory,
    fit_workers,
    keep_two_checkpoints,
)
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config

ROOT = Path(__file__).parents[2]
CONFIGS = [path for folder in ('configs', 'projects') for path in sorted(
    (ROOT / folder).rglob('*.py')) if 'configs' in path.parts and '_base_' not in path.parts]


@pytest.mark.parametrize(('name', 'values'), [
    ('train_cfg.max_iters', (0, -1, 'many', 2.5)), ('train_cfg.max_epochs', (0, 1.5)),
    ('train_cfg.val_interval', (0,)), ('train_dataloader.batch_size', (0, -1, '2', 2.5)),
    ('val_dataloader.batch_size', (0,)), ('test_dataloader.num_workers', (-1, 'two', 0.5)),
    ('optim_wrapper.optimizer.lr', (-1, 'fast', float('nan'), float('inf'))),
    ('optim_wrapper.optimizer.weight_decay', (-0.1,)),
    ('optim_wrapper.accumulative_counts', (0, 1.5)),
    ('optim_wrapper.clip_grad.max_norm', (0, -1, 'x')),
    ('randomness.seed', (-1, 'x', 2**32, 1.5)),
])
def test_numbers_out_of_range(name, values):
    for value in values:
        cfg = Config({})
        cfg.merge_from_dict({name: value})
        with pytest.raises(S2DInputError, match=f'config None: expected {name} to be'):
            check_numbers(cfg)


def test_parts_that_are_no_dicts_are_left_to_mmengine():
    check_numbers(Config(dict(train_cfg=3, optim_wrapper='x', train_dataloader=[], randomness=1)))
    check_numbers(Config(dict(optim_wrapper=dict(optimizer=3, clip_grad=None))))
    check_numbers(Config(dict(train_dataloader=dict(batch_sampler=dict(type='A'), batch_size=0))))
    fit_workers(Config(dict(train_dataloader=None, val_dataloader=[3])))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_config_has_good_numbers_and_works_without_workers(path):
    """torch refuses settings of workers where there are none."""
    cfg = load_config(path)
    check_numbers(cfg)
    loaders = [cfg[name] for name in LOADERS if isinstance(cfg.get(name), dict)]
    before = [dict(loader) for loader in loaders]
    fit_workers(cfg)
    assert [dict(loader) for loader in loaders] == before or any(
        loader['num_workers'] == 0 for loader in before)
    for loader in loaders:
        loader.num_workers = 0
    fit_workers(cfg)
    parts = ('dataset', 'sampler', 'batch_sampler', 'batch_size', 'collate_fn', 'worker_init_fn')
    for loader in loaders:
        DataLoader([1], **{key: value for key, value in loader.items() if key not in parts})


def test_loaders_in_lists_are_fitted_too():
    loader = dict(num_workers=0, persistent_workers=True, prefetch_factor=2, timeout=3)
    cfg = Config(dict(val_dataloader=[loader, dict(loader, num_workers=2)]))
    fit_workers(cfg)
    assert cfg.val_dataloader == [dict(num_workers=0), dict(loader, num_workers=2)]


@pytest.mark.parametrize(('device', 'pinned'), [('cpu', False), ('cuda', True)])
def test_memory_is_pinned_for_a_gpu_alone(device, pinned, monkeypatch):
    """Without one torch warns of it."""
    monkeypatch.setattr(utils, 'DEVICE', device)
    cfg = load_config(ROOT / 'configs/sparse_to_dense/s2d_small.py')
    assert cfg.train_dataloader.pin_memory
    fit_pinned_memory(cfg)
    assert ('pin_memory' in cfg.train_dataloader) == pinned


def test_no_training_keeps_a_single_checkpoint():
    cfg = Config(dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', max_keep_ckpts=1),
                                         logger=None),
                      custom_hooks=[dict(type='CheckpointHook', max_keep_ckpts=1),
                                    dict(type='CheckpointHook', max_keep_ckpts=-1)]))
    keep_two_checkpoints(cfg)
    assert cfg.default_hooks.checkpoint.max_keep_ckpts == 2
    assert [hook.max_keep_ckpts for hook in cfg.custom_hooks] == [2, -1]
    keep_two_checkpoints(Config(dict(a=1)))
