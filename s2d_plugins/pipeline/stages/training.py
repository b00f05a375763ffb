"""Stages 3 and 5: sparse-to-dense distillation, and final training on the dense labels.

Each is one MMEngine training with a config of its own; here it gets its labels, its work dir and
the weights to start from. An interrupted one goes on from its newest checkpoint that is whole.
"""

import time
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict

from ...apis.runner_tools import build_runner
from ...errors import S2DInputError, one_line
from ...fileio.checkpoints import load_checkpoint
from ...fileio.configs import find_beside, load_config
from ...fileio.digests import file_digest
from ...fileio.json_files import read_json
from ...fileio.whole_files import write_json
from ..context import Context
from ..quiet_runner import ProgressBarHook, QuietRunner
from ..resource_monitor import measure_usage

LABELS = dict(distill='keymasks', final='dense')


def run(context: Context, stage: str) -> None:
    """Train a stage's model unless that was done with the same config and labels.

    Args:
        context: The run.
        stage: ``'distill'`` or ``'final'``.

    Raises:
        S2DInputError: If there are no labels, or training fails for a reason outside of it.
    """
    labels = context.workspace.merged_file(LABELS[stage])
    if not labels.is_file():
        raise S2DInputError(f'stage {stage} needs {labels}; run the stage {LABELS[stage]} first')
    cfg = training_config(context, stage)
    init_from = context.cfg[stage].get('init_from')
    context.begin(stage, cfg.to_dict(), file_digest(labels), init_from,
                  training_stamp(context, 'distill') if init_from else None)
    folder = context.workspace.stage_folder(stage)
    if trained_weights(folder) is not None:
        context.console.say(f'{stage}: done before')
        return
    if init_from:
        cfg.load_from = str(_detector_weights(context, init_from, folder / 'init.pth'))
    _connect(cfg, context, stage, labels)
    checkpoint = newest_checkpoint(folder)
    if checkpoint is not None:
        context.console.say(f'{stage}: goes on from {checkpoint.name}')
        cfg.load_from, cfg.resume = str(checkpoint), True
    _train(context, stage, cfg, resumed=checkpoint is not None)


def training_config(context: Context, stage: str) -> Config:
    """Read a stage's training config with the overrides of the pipeline's config."""
    path = find_beside(context.cfg[stage].config, context.cfg.filename)
    return load_config(path, context.cfg[stage].get('options'))


def config_path(context: Context, stage: str) -> Path:
    """Return where the config that was really used is, for building the model later."""
    return context.workspace.stage_folder(stage) / 'config.py'


def trained_weights(folder: Path) -> Path | None:
    """Return the checkpoint of a completed training; None if there is none."""
    done = folder / 'done.json'
    if not done.is_file():
        return None
    checkpoint = folder / read_json(done)['checkpoint']
    return checkpoint if checkpoint.is_file() else None


def training_stamp(context: Context, stage: str) -> str | None:
    """Return what tells a completed training from any other, also from one like it."""
    done = context.workspace.stage_folder(stage) / 'done.json'
    return file_digest(done) if done.is_file() else None


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint that can be read; one cut off by a kill is passed over."""
    found = sorted((path for pattern in ('iter_*.pth', 'epoch_*.pth')
                    for path in folder.glob(pattern)), key=lambda path: -path.stat().st_mtime)
    for path in found:
        try:
            load_checkpoint(path)
        except S2DInputError:
            continue
        return path
    return None


def _connect(cfg: Config, context: Context, stage: str, labels: Path) -> None:
    """Point a training config to this run's data and folders; no validation."""
    cfg.work_dir = str(context.workspace.stage_folder(stage))
    dataset = cfg.train_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    dataset.update(data_root='', ann_file=str(labels.resolve()),
                   data_prefix=dict(img_path=f'{context.workspace.frames.resolve()}/'))
    if stage == 'final' and 'min_score' in dataset:
        dataset.min_score = context.cfg.dense.get('score_thr', dataset.min_score)
    for name in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg',
                 'test_evaluator'):
        cfg[name] = None
    hook = cfg.setdefault('default_hooks', ConfigDict()).setdefault(
        'checkpoint', ConfigDict(type='CheckpointHook', by_epoch=False))
    if not hook.get('by_epoch', True):
        hook.interval = max(1, min(hook.get('interval', 1000), cfg.train_cfg.max_iters // 8))
    hook.max_keep_ckpts = 2
    cfg.setdefault('randomness', dict(seed=0))
    if context.device == 'cpu' and cfg.optim_wrapper.type == 'AmpOptimWrapper':
        cfg.optim_wrapper.type = 'OptimWrapper'
        cfg.optim_wrapper.pop('loss_scale', None)
        cfg.optim_wrapper.pop('dtype', None)


def _train(context: Context, stage: str, cfg: Config, resumed: bool) -> None:
    folder = context.workspace.stage_folder(stage)
    steps = cfg.train_cfg.get('max_iters') or 0
    try:
        with measure_usage() as usage:
            runner = build_runner(cfg, QuietRunner)
            with context.console.bar(stage, steps, ' steps') as bar:
                runner.register_hook(ProgressBarHook(bar), 'LOWEST')
                runner.train()
    except OSError as error:
        raise S2DInputError(f'stage {stage} stopped: {one_line(error)}; free space or choose '
                            f'another work dir than {context.workspace.root}') from error
    cfg.dump(str(config_path(context, stage)))
    checkpoint = Path((folder / 'last_checkpoint').read_text(encoding='utf-8').strip()).name
    context.workspace.state.set_record(stage, stage, dict(
        seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb, steps=runner.iter,
        loss=_last_loss(runner), resumed=resumed))
    write_json(folder / 'done.json', dict(checkpoint=checkpoint, finished=time.time()))


def _last_loss(runner: QuietRunner) -> float | None:
    """Return the mean loss of the last steps."""
    history = runner.message_hub.log_scalars.get('train/loss')
    return None if history is None else round(float(history.mean(50)), 4)


def _detector_weights(context: Context, source: str, path: Path) -> Path:
    """Write the student's or teacher's weights under a detector's names."""
    weights = trained_weights(context.workspace.stage_folder('distill'))
    if weights is None:
        raise S2DInputError('stage final starts from the distilled weights, but there are none; '
                            'run the stage distill first')
    prefix = f'{source}.'
    taken = {name.removeprefix(prefix): value
             for name, value in load_checkpoint(weights)['state_dict'].items()
             if name.startswith(prefix)}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=taken), path)
    return path
