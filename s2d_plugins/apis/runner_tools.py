"""What tools/train.py and tools/test.py share: mmdet's arguments, and clear errors."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine import device
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ..errors import S2DInputError, S2DOutputError, full_disk, one_line
from ..fileio.checkpoint_sources import use_safe_checkpoints
from ..fileio.checkpoints import load_checkpoint, name_last_checkpoint, newest_checkpoint
from ..fileio.configs import config_errors, load_config, type_name
from .command_line import add_config_arguments, prepare_outputs
from .runner_settings import (
    check_numbers,
    fit_pinned_memory,
    fit_workers,
    keep_two_checkpoints,
)

#: Under these names configs name data, beside ``data_root`` and ``data_prefix``.
_DATA_KEYS = ('ann_file', 'gt_dir', 'videos', 'proposals')
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that training and testing share."""
    add_config_arguments(parser)
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and metrics; by default '
                        'that of the config, else work_dirs/<name of the config>')
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help='set by the launcher')


def read_runner_config(args: argparse.Namespace) -> Config:
    """Read the config of a Runner with the overrides of the command line."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = load_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    return cfg


def prepare_work_dir(cfg: Config, *inputs: str | Path) -> None:
    """Check, before a Runner is built, that its folder holds no data it reads; tidy it up.

    Args:
        cfg: Config of the Runner.
        *inputs: Further files that are read, such as the config.

    Raises:
        S2DInputError: If the work dir is one of the inputs.
    """
    prepare_outputs([*inputs, *data_paths(cfg)], folders=[cfg.work_dir])


def data_paths(cfg: Config) -> list[Path]:
    """Return the files and folders that the data sets and metrics of a config read."""
    found = []
    for part in _dicts(cfg.to_dict()):
        root = part.get('data_root') or ''
        prefix = part.get('data_prefix')
        names = ['.' if root else None, *(part.get(key) for key in _DATA_KEYS),
                 *(prefix.values() if isinstance(prefix, dict) else ())]
        found += [Path(root) / name for name in names if name and isinstance(name, str)
                  and '://' not in name]
    return list(dict.fromkeys(found))


def _dicts(content: Any) -> Iterator[dict]:
    if isinstance(content, dict):
        yield content
    if isinstance(content, dict | list | tuple):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _dicts(value)


def resume_from(cfg: Config, checkpoint: str) -> str | None:
    """Let a training go on from a checkpoint.

    Args:
        cfg: Config of the training; changed.
        checkpoint: A file, or ``'auto'``: what ``last_checkpoint`` in the work dir names, or,
            where that is missing or cut short, the newest that can be read. An empty work dir
            means the beginning.

    Returns:
        A line for the user where it is not the last checkpoint.

    Raises:
        S2DInputError: If there are checkpoints in the work dir, but none can be read.
    """
    if checkpoint != 'auto':
        cfg.resume, cfg.load_from = True, checkpoint
        return None
    folder = Path(cfg.work_dir)
    last, reason = _last_checkpoint(folder), f'{folder} has no last_checkpoint'
    try:
        if last is not None:
            load_checkpoint(last)
            cfg.resume, cfg.load_from = True, str(last)
            return None
    except S2DInputError as error:
        reason = one_line(error)
    newest = newest_checkpoint(folder)
    if newest is not None:
        cfg.resume, cfg.load_from = True, str(newest)
        name_last_checkpoint(newest)
        return f'{reason}; going on from {newest}'
    if last is not None or any(folder.glob('*.pth')):
        raise S2DInputError(f'{reason}, and no other checkpoint in {folder} can be read; leave '
                            '--resume out to train from the beginning')
    return f'there is no checkpoint in {folder}; training from the beginning'


def _last_checkpoint(folder: Path) -> Path | None:
    """Return what ``last_checkpoint`` names; a work dir may have been moved with its files."""
    try:
        name = (folder / 'last_checkpoint').read_text(encoding='utf-8').strip()
    except (OSError, ValueError):
        return None
    if not name or '\0' in name:
        return None
    beside = folder / Path(name).name
    return beside if beside.exists() else Path(name)


def use_amp(cfg: Config) -> None:
    """Train with automatic mixed precision, unless the config does so in bfloat16 already."""
    if type_name(cfg.optim_wrapper.get('type', '')) != 'BFloat16OptimWrapper':
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.loss_scale = 'dynamic'


def use_float32(cfg: Config) -> bool:
    """Take plain float32 for mmengine's AMP; returns whether the config had that."""
    wrapper = cfg.get('optim_wrapper')
    if not wrapper or type_name(wrapper.get('type', '')) != 'AmpOptimWrapper':
        return False
    wrapper.type = 'OptimWrapper'
    for name in ('loss_scale', 'dtype', 'use_fsdp'):
        wrapper.pop(name, None)
    return True


def use_float32_without_gpu(cfg: Config) -> str:
    """Where there is no GPU, take plain float32 for mmengine's AMP, which needs one.

    Returns:
        What to say about it in one line; '' if nothing was changed.
    """
    if _has_amp_device() or not use_float32(cfg):
        return ''
    return ('mixed precision (AmpOptimWrapper) needs a GPU and there is none: training in float32; '
            'on CPUs with bfloat16 optim_wrapper.type=s2d_plugins.BFloat16OptimWrapper is faster')


def _has_amp_device() -> bool:
    """Whether there is a device that mmengine's AmpOptimWrapper takes."""
    checks = (getattr(device, f'is_{kind}_available', None)
              for kind in ('cuda', 'npu', 'mlu', 'musa'))
    return any(check is not None and check() for check in checks)


def use_auto_scale_lr(cfg: Config) -> None:
    """Scale the learning rate to the real batch size.

    Raises:
        S2DInputError: If the config does not say for which batch size its rate is.
    """
    if not {'enable', 'base_batch_size'} <= cfg.get('auto_scale_lr', {}).keys():
        raise S2DInputError(f'--auto-scale-lr: {cfg.filename} has no auto_scale_lr with enable '
                            'and base_batch_size; add auto_scale_lr=dict(enable=False, '
                            'base_batch_size=N)')
    cfg.auto_scale_lr.enable = True


def build_runner(cfg: Config, runner_class: type[Runner] = Runner) -> Runner:
    """Build the Runner of a config; checkpoints are read as data from then on.

    Raises:
        S2DInputError: If a part cannot be built, a number is out of its range, or a folder cannot
            be written.
    """
    use_safe_checkpoints()
    check_numbers(cfg)
    fit_workers(cfg)
    fit_pinned_memory(cfg)
    keep_two_checkpoints(cfg)
    with full_disk_errors(cfg), config_errors(cfg.filename):
        try:
            if 'runner_type' in cfg:
                return RUNNERS.build(cfg)
            return runner_class.from_cfg(cfg)
        except OSError as error:
            raise S2DInputError(f'{cfg.filename}: {one_line(error)}; correct the path or choose '
                                'another --work-dir') from error


@contextlib.contextmanager
def full_disk_errors(cfg: Config) -> Iterator[None]:
    """Tell in one line that the disk of the work dir is full, whatever library met it.

    Raises:
        S2DOutputError: If it is.
    """
    try:
        yield
    except Exception as error:
        full = full_disk(error)
        if full is None or isinstance(error, S2DOutputError):
            raise
        raise S2DOutputError(f'cannot write {full.filename or f"to {cfg.work_dir}"}: '
                             f'{full.strerror}; free space or choose another work dir') from error
