"""Starting as one of several processes, on CPU as well as on GPUs."""

import os
import subprocess

import torch

from ..devices import choose_device
from ..errors import S2DInputError, one_line

LAUNCHERS = ('none', 'pytorch', 'slurm')
_TORCHRUN = ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')
_SLURM = ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST')


def detect_launcher() -> str:
    """Say what started this process: torchrun, SLURM with several tasks, or neither."""
    if {'RANK', 'WORLD_SIZE', 'MASTER_ADDR'} <= os.environ.keys():
        return 'pytorch'
    if int(os.environ.get('SLURM_NTASKS', 1)) > 1 and 'SLURM_PROCID' in os.environ:
        return 'slurm'
    return 'none'


def start_workers(launcher: str) -> None:
    """Join the other processes of a launcher.

    The processes only agree on who does what, so the gloo backend serves on any machine; no GPU
    is chosen or touched, see :func:`own_device`.

    Args:
        launcher: One of :data:`LAUNCHERS`.

    Raises:
        S2DInputError: If this process was not started by that launcher, or it finds no others.
    """
    if launcher == 'none':
        return
    needed = _TORCHRUN if launcher == 'pytorch' else _SLURM
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        command = 'torchrun' if launcher == 'pytorch' else 'srun'
        raise S2DInputError(f'--launcher {launcher}: the environment has no {missing[0]}; start '
                            f'the command with {command}, or leave --launcher out')
    try:
        if launcher == 'slurm':
            _take_from_slurm()
        torch.distributed.init_process_group('gloo')
    except (OSError, subprocess.SubprocessError, RuntimeError, ValueError) as error:
        raise S2DInputError(f'--launcher {launcher}: cannot join the other processes '
                            f'({one_line(error)}); see that all of them run and that MASTER_PORT '
                            'is free') from error


def _take_from_slurm() -> None:
    """Set what torch reads from what SLURM says."""
    first_host = subprocess.run(
        ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']],
        check=True, capture_output=True, text=True).stdout.split()[0]
    os.environ.setdefault('MASTER_ADDR', first_host)
    os.environ.setdefault('MASTER_PORT', '29500')
    os.environ.update(RANK=os.environ['SLURM_PROCID'], WORLD_SIZE=os.environ['SLURM_NTASKS'],
                      LOCAL_RANK=os.environ.get('SLURM_LOCALID', '0'))


def own_device(name: str | None = None) -> str:
    """Choose where this process runs torch: of several processes each takes a GPU of its own.

    Where a machine has fewer GPUs than processes, or a launcher shows each process its own one
    alone, they are counted round. Nothing is changed by it.

    Args:
        name: As in :func:`~s2d_plugins.devices.choose_device`; a GPU with a number is taken as it
            is, by every process.

    Raises:
        S2DInputError: If there is no such device.
    """
    device = choose_device(name)
    if device != 'cuda' or not torch.distributed.is_initialized():
        return device
    return f'cuda:{int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count()}'


def use_own_gpu() -> None:
    """Make this process's own GPU the one that ``'cuda'`` means, if there are several processes.
    """
    device = own_device()
    if ':' in device:
        torch.cuda.set_device(int(device.partition(':')[2]))
