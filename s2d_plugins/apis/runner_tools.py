"""What tools/train.py and tools/test.py share: mmdet's arguments, and clear errors."""

import argparse
import os
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ..errors import S2DInputError, one_line
from ..fileio.checkpoints import use_safe_checkpoints
from ..fileio.configs import config_errors, load_config
from .command_line import add_config_arguments

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


def use_amp(cfg: Config) -> None:
    """Train with automatic mixed precision.

    Raises:
        S2DInputError: If there is no GPU.
    """
    if not torch.cuda.is_available():
        raise S2DInputError('--amp needs a GPU, and torch sees none; leave it out, or run python '
                            '-m s2d_plugins.doctor')
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.loss_scale = 'dynamic'


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
        S2DInputError: If the config names something unknown, or a folder cannot be written.
    """
    use_safe_checkpoints()
    try:
        with config_errors(cfg.filename):
            if 'runner_type' in cfg:
                return RUNNERS.build(cfg)
            return runner_class.from_cfg(cfg)
    except OSError as error:
        raise S2DInputError(f'{cfg.filename}: {one_line(error)}; correct the path or choose '
                            'another --work-dir') from error
