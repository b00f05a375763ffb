"""Wrong values in a config and wrong checkpoints, through the tools: one line and exit code 2."""

import os
from pathlib import Path

import pytest
import torch
from test_train_test import errors, folder, forward  # noqa: F401
from tiny_recipe import run

HUB = dict(log_scalars={}, runtime_info={}, resumed_keys={})
WEIGHTS = dict(weight=torch.ones(1))


def train(monkeypatch, capsys, *options, resume: str | None = None) -> str:
    """Train with wrong settings; return the line."""
    args = ('--resume', resume) if resume else ()
    options = ('--cfg-options', *options) if options else ()
    capsys.readouterr()
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', *args, *options) == 2
    message, = [line for line in errors(capsys).splitlines() if line.startswith('error: ')]
    return message


@pytest.mark.parametrize(('option', 'expected'), [
    ('train_cfg.max_iters=0', 'train_cfg.max_iters to be an integer of at least 1, found 0'),
    ('optim_wrapper.optimizer.type=Nobody', 'DefaultOptimWrapperConstructor: '),
    ('optim_wrapper.optimizer.speed=3', "unexpected keyword argument 'speed'"),
    ('train_dataloader.dataset.pipeline.0.num_frames=0', 'KeymaskClipSample: expected num_frames'),
    ('train_dataloader.dataset.pipeline.1.transforms.0.type=Nobody', 'Nobody is not in the'),
    ('train_dataloader=3', 'config config.py: '),
    ('model=3', 'config config.py: Runner: '),
    ('param_scheduler.start_factor=7', 'config config.py: '),
    ('custom_hooks.type=NonFiniteLossHook', 'config config.py: '),
    ('default_hooks.checkpoint.interval=often', 'config config.py: CheckpointHook: '),
    ('log_level=LOUD', 'config config.py: '),
    ('work_dr=x', "has no 'work_dr'; did you mean 'work_dir'?"),
    ('model', "expected KEY=VALUE, found 'model'"),
    ('model=[(1,2]', "cannot read 'model=[(1,2]'"),
])
def test_training(folder, monkeypatch, capsys, option, expected):  # noqa: F811
    assert expected in train(monkeypatch, capsys, option)


def broken_step(self, inputs, data_samples=None, mode='tensor'):
    return dict(loss=self.weight @ torch.ones(5))


def test_the_first_step_that_fails_names_the_class_and_the_log(folder, monkeypatch,  # noqa: F811
                                                                capsys):
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', broken_step)
    message = train(monkeypatch, capsys)
    assert 'error: config config.py: BrightSegmenter: RuntimeError: ' in message
    log = Path(message.rpartition('the traceback is in ')[2].strip()).read_text()
    assert 'Traceback' in log and 'broken_step' in log


def test_a_later_step_that_fails_is_no_mistake_of_the_config(folder, monkeypatch,  # noqa: F811
                                                              capsys):
    steps = []

    def late(self, inputs, data_samples=None, mode='tensor'):
        steps.append(1)
        return broken_step(self, inputs) if len(steps) == 4 else forward(self, inputs, mode=mode)

    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', late)
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run') == 1
    assert 'error: unexpected RuntimeError: ' in errors(capsys)


VALIDATING = ('val_cfg.type=ValLoop', 'val_dataloader.batch_size=1', 'val_dataloader.num_workers=0',
              'val_dataloader.sampler.type=DefaultSampler',
              'val_dataloader.dataset.type=KeymaskDataset',
              'val_dataloader.dataset.ann_file=labels.json',
              'val_dataloader.dataset.test_mode=True', 'val_dataloader.dataset.pipeline=[]',
              'val_evaluator.type=ClassAgnosticVISMetric', 'val_evaluator.ann_file=labels.json',
              'train_cfg.val_interval=3')


def test_the_first_validation_that_fails_is_the_configs(folder, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', forward)
    assert 'error: config config.py: ' in train(monkeypatch, capsys, *VALIDATING)


def test_a_model_that_does_not_fit_the_test_loop(folder, monkeypatch, capsys):  # noqa: F811
    torch.save(dict(state_dict=WEIGHTS), 'bright.pth')
    assert run(monkeypatch, 'test', 'config.py', 'bright.pth', '--work-dir', 'run') == 2
    assert 'error: config config.py: BrightSegmenter: AssertionError: ' in errors(capsys)


@pytest.mark.parametrize(('content', 'expected'), [
    ([1], 'holds a list; expected a checkpoint'),
    ({}, 'holds no weights'),
    (WEIGHTS, 'how far'),
    (dict(state_dict=WEIGHTS, meta=dict(iter=1, epoch=0)), 'message_hub'),
    (dict(state_dict=WEIGHTS, meta=dict(iter=10**12, epoch=0), message_hub=HUB),
     'of step 1000000000000, but this training has 4'),
    (dict(state_dict={1: torch.ones(1)}, meta=dict(iter=1, epoch=0), message_hub=HUB),
     'holds no weights'),
    (dict(state_dict=WEIGHTS, meta=dict(iter=1, epoch=0), message_hub=HUB, optimizer=3),
     'a.pth does not fit this training'),
    (dict(state_dict=WEIGHTS, meta=dict(iter=1, epoch=0), message_hub=HUB,
          optimizer=dict(state={}, param_groups=[])), 'a.pth does not fit this training'),
])
def test_checkpoints_to_go_on_from(folder, monkeypatch, capsys, content, expected):  # noqa: F811
    torch.save(content, 'a.pth')
    with open('config.py', 'a') as config:
        config.write("\ndefault_hooks.update(checkpoint_fit=dict(type='CheckpointFitHook'))"
                     "\ncustom_hooks = [dict(type='ExactResumeHook')]"
                     '\nrandomness = dict(seed=0)')
    message = train(monkeypatch, capsys, resume='a.pth')
    assert 'a.pth' in message and expected in message


@pytest.mark.parametrize('content', [[1], {}, dict(state_dict=WEIGHTS), dict(
    state_dict=WEIGHTS, meta=dict(iter=1, epoch=0), message_hub=HUB, optimizer=3)])
def test_the_same_without_our_hooks(folder, monkeypatch, capsys, content):  # noqa: F811
    torch.save(content, 'a.pth')
    assert 'a.pth' in train(monkeypatch, capsys, resume='a.pth')


def test_code_in_the_meta_of_a_checkpoint_does_not_run(folder, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', forward)
    torch.save(dict(state_dict=WEIGHTS, message_hub=HUB, meta=dict(
        iter=1, epoch=0, config='import os\nos.system("touch executed")')), 'a.pth')
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--resume', 'a.pth') == 0
    assert not os.path.exists('executed')


@pytest.mark.parametrize('name', ['none.pth', 'bad.pth', 'torchvision://none', 's3://none'])
def test_weights_to_start_from(folder, monkeypatch, capsys, name):  # noqa: F811
    torch.save(dict(extra=os.system), 'bad.pth')
    assert name in train(monkeypatch, capsys, f'load_from={name}')


def test_workers_can_be_switched_off(folder, monkeypatch, capsys):  # noqa: F811
    """Settings that only workers have are no mistake."""
    monkeypatch.setattr('tiny_recipe.BrightSegmenter.forward', forward)
    options = [f'train_dataloader.{setting}' for setting in (
        'num_workers=0', 'persistent_workers=True', 'prefetch_factor=2',
        'multiprocessing_context=fork', 'timeout=10')]
    assert run(monkeypatch, 'train', 'config.py', '--work-dir', 'run', '--cfg-options',
               *options) == 0
