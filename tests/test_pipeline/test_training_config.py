from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.optim import AmpOptimWrapper

from s2d_plugins.errors import S2DInputError
from s2d_plugins.pipeline.training_config import connect, innermost_dataset, read_training_config


def training(**more):
    dataset = dict(type='Repeat', dataset=dict(type='KeymaskDataset', min_score=0.1))
    return Config(dict(model=dict(), train_dataloader=dict(dataset=dataset),
                       train_cfg=dict(max_iters=80), optim_wrapper=dict(type='OptimWrapper'),
                       **more))


def connected(config, stage='distill', device='cpu', **pipeline):
    connect(config, Config(pipeline), stage, Path('run'), Path('labels.json'), Path('frames'),
            device)
    return config


@pytest.mark.parametrize(('given', 'kept'), [({}, 2), ({'max_keep_ckpts': 1}, 2),
                                             ({'max_keep_ckpts': 0}, 2),
                                             ({'max_keep_ckpts': 2}, 2),
                                             ({'max_keep_ckpts': 5}, 5),
                                             ({'max_keep_ckpts': -1}, -1)])
def test_at_least_two_checkpoints_are_kept(given, kept):
    hook = dict(type='CheckpointHook', by_epoch=False, **given)
    found = connected(training(default_hooks=dict(checkpoint=hook)))
    assert found.default_hooks.checkpoint.max_keep_ckpts == kept


@pytest.mark.parametrize('more', [{}, {'default_hooks': None},
                                  {'default_hooks': {'checkpoint': None}}])
def test_a_training_without_checkpoints_gets_them(more):
    found = connected(training(**more)).default_hooks.checkpoint
    assert found == dict(type='CheckpointHook', by_epoch=False, max_keep_ckpts=2, interval=10)


def test_further_checkpoint_hooks_keep_two_as_well():
    found = connected(training(custom_hooks=[dict(type='CheckpointHook', max_keep_ckpts=1),
                                             dict(type='Other')]))
    assert [hook.get('max_keep_ckpts') for hook in found.custom_hooks] == [2, None]


def test_the_innermost_data_set_gets_labels_and_frames():
    found = connected(training(val_cfg=dict(), test_dataloader=dict()))
    dataset = innermost_dataset(found)
    assert dataset.ann_file == str(Path('labels.json').resolve()) and dataset.min_score == 0.1
    assert dataset.data_prefix == dict(img_path=f'{Path("frames").resolve()}/')
    assert found.work_dir == 'run' and found.val_cfg is None and found.test_dataloader is None
    found = connected(training(), 'final', dense=dict(score_thr=0.4))
    assert innermost_dataset(found).min_score == 0.4


@pytest.mark.parametrize('kind', ['AmpOptimWrapper', 'mmengine.AmpOptimWrapper', AmpOptimWrapper])
def test_mixed_precision_needs_a_gpu(kind):
    amp = dict(type=kind, loss_scale='dynamic', dtype='float16')
    for device, expected in (('cpu', dict(type='OptimWrapper')), ('cuda', amp)):
        config = training()
        config.optim_wrapper = ConfigDict(amp)
        assert connected(config, device=device).optim_wrapper == expected


@pytest.mark.parametrize(('text', 'message'), [
    ('model = dict()', 'it has no dict train_dataloader'),
    ('model = dict()\ntrain_dataloader = dict(dataset=3)\ntrain_cfg = optim_wrapper = dict()',
     'its train_dataloader has no dict dataset'),
    ('model = 3', 'it has no dict model')])
def test_what_is_no_training(tmp_path, text, message):
    (tmp_path / 'other.py').write_text(text)
    (tmp_path / 'pipeline.py').write_text("final = dict(config='other.py')")
    with pytest.raises(S2DInputError, match=f'pipeline.py: final: .*other.py is not .*{message}'):
        read_training_config(Config.fromfile(str(tmp_path / 'pipeline.py')), 'final')
