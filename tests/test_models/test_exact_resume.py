import pytest
import torch
from mmengine.logging import MessageHub
from tiny_training import train, training_config, write_videos

from s2d_plugins.fileio.checkpoints import load_checkpoint

SCHEDULED = dict(
    custom_hooks=[
        dict(type='ScheduledMeanTeacherHook',
             momentum=dict(mode='cosine', start=0.5, end=0.01, begin=0, stop=4)),
        dict(type='LossWeightScheduleHook',
             teacher_loss_weight=dict(mode='linear', start=0.0, end=1.0, begin=0, stop=4),
             supervised_loss_weight=dict(mode='cosine', start=1.0, end=0.5, begin=1, stop=4))])


def assert_same(first, second, where=''):
    """Compare nested values, tensors bit by bit."""
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            assert_same(first[key], second[key], f'{where}.{key}')
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second), where
        for index, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f'{where}[{index}]')
    else:
        assert first == second, where


@pytest.mark.parametrize('options', [
    SCHEDULED,
    {'optim_wrapper.accumulative_counts': 2},
], ids=['schedules', 'accumulation'])
def test_stopped_and_resumed_equals_uninterrupted(tmp_path, options):
    write_videos(tmp_path)
    train(training_config(tmp_path, 'whole', 4, **options))
    train(training_config(tmp_path, 'parts', 4, **options,
                          **{'train_cfg.max_iters': 2}))
    torch.manual_seed(99)  # a new process starts with other random numbers
    MessageHub._instance_dict.clear()
    resumed = training_config(tmp_path, 'parts', 4, **options, resume=True)
    runner = train(resumed)
    assert runner.iter == 4
    whole = load_checkpoint(tmp_path / 'whole/iter_4.pth')
    parts = load_checkpoint(tmp_path / 'parts/iter_4.pth')
    before = load_checkpoint(tmp_path / 'parts/iter_2.pth')
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(whole[part], parts[part], part)
    for owner in ('student', 'teacher'):
        name = f'{owner}.track_head.mask_embed.0.weight'
        assert not torch.equal(before['state_dict'][name], whole['state_dict'][name])
