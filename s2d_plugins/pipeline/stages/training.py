"""Sparse-to-dense distillation, and final training on the dense labels.

Each is one MMEngine training with a config of its own; here it gets its labels, its work dir and
the weights to start from. An interrupted one goes on from its newest checkpoint that is whole.
"""

import io
from pathlib import Path

import torch
from mmengine.config import Config

from ...apis.runner_tools import build_runner
from ...apis.running import train
from ...errors import S2DInputError, S2DOutputError, one_line
from ...fileio.checkpoints import load_checkpoint, name_last_checkpoint, newest_checkpoint
from ...fileio.digests import file_digest
from ...fileio.named_files import named_paths
from ...fileio.whole_files import write_bytes, write_text
from ..context import Context
from ..quiet_runner import ProgressBarHook, QuietRunner, own_interrupts
from ..stage_names import DISTILL, TRAININGS
from ..trained_models import config_path, note_training, trained_weights, training_stamp
from ..training_config import connect, read_training_config


def run(context: Context, stage: str) -> None:
    """Train a stage's model unless that was done with the same config and labels.

    Args:
        context: The run.
        stage: One of :data:`~s2d_plugins.pipeline.stage_names.TRAININGS`.

    Raises:
        S2DInputError: If there are no labels, or training fails for a reason outside of it.
    """
    labels = context.workspace.merged_file(TRAININGS[stage])
    if not labels.is_file():
        raise S2DInputError(f'stage {stage} needs {labels}; run the stage {TRAININGS[stage]} '
                            'first')
    cfg = read_training_config(context.cfg, stage)
    init_from = context.cfg[stage].get('init_from')
    context.begin(stage, cfg.to_dict(), file_digest(labels), init_from,
                  training_stamp(context, DISTILL) if init_from else None,
                  *_start_digests(cfg.to_dict()))
    folder = context.workspace.stage_folder(stage)
    if trained_weights(folder) is not None:
        context.console.say(f'{stage}: done before')
        return
    if init_from:
        cfg.load_from = str(_detector_weights(context, init_from, folder / 'init.pth'))
    connect(cfg, context.cfg, stage, folder, labels, context.workspace.frames, context.device)
    checkpoint = newest_checkpoint(folder)
    if checkpoint is not None:
        context.console.say(f'{stage}: goes on from {checkpoint.name}')
        cfg.load_from, cfg.resume = str(checkpoint), True
    _train(context, stage, cfg, resumed=checkpoint is not None)


def _train(context: Context, stage: str, cfg: Config, resumed: bool) -> None:
    folder = context.workspace.stage_folder(stage)
    steps = cfg.train_cfg.get('max_iters') or 0
    with context.measured(stage, stage) as record:
        try:
            with own_interrupts(), context.console.bar(stage, steps, ' steps') as bar:
                runner = build_runner(cfg, QuietRunner)
                runner.register_hook(ProgressBarHook(bar), 'LOWEST')
                train(runner)
        except OSError as error:
            raise S2DOutputError(f'stage {stage} stopped: {one_line(error)}; free space or choose '
                              f'another work dir than {context.workspace.root}') from error
        record.update(steps=runner.iter, loss=_last_loss(runner), resumed=resumed)
    checkpoint = newest_checkpoint(folder)
    if checkpoint is None:
        raise S2DInputError(f'stage {stage} has written no checkpoint to {folder}; correct '
                            f'default_hooks.checkpoint and train_cfg of {cfg.filename}')
    name_last_checkpoint(checkpoint)
    write_text(config_path(context, stage), cfg.pretty_text)
    note_training(folder, checkpoint)


def _start_digests(settings: dict) -> list[str]:
    """Digests of the weights' files that a training's config names, ``s2d://NAME`` too.

    Their content counts, not when they were written: another training may take days.
    """
    named = named_paths([dict(load_from=settings.get('load_from')), settings['model']])
    return [file_digest(path) for path in named if path.is_file()]


def _last_loss(runner: QuietRunner) -> float | None:
    """Return the mean loss of the last steps."""
    history = runner.message_hub.log_scalars.get('train/loss')
    return None if history is None else round(float(history.mean(50)), 4)


def _detector_weights(context: Context, source: str, path: Path) -> Path:
    """Write the student's or teacher's weights under a detector's names."""
    weights = trained_weights(context.workspace.stage_folder(DISTILL))
    if weights is None:
        raise S2DInputError('stage final starts from the distilled weights, but there are none; '
                            f'run the stage {DISTILL} first')
    prefix = f'{source}.'
    taken = {name.removeprefix(prefix): value
             for name, value in load_checkpoint(weights)['state_dict'].items()
             if name.startswith(prefix)}
    if not taken:
        raise S2DInputError(f'{context.cfg.filename}: final.init_from is {source!r}, but '
                            f'{weights} has no weights of that name; set it to None, or use a '
                            f'distiller in the stage {DISTILL}')
    content = io.BytesIO()
    torch.save(dict(state_dict=taken), content)
    write_bytes(path, content.getvalue())
    return path
