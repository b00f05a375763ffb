"""Starting as one of several processes, on CPU as well as on GPUs."""

import os
import subprocess

import torch
from mmengine.dist import init_dist

LAUNCHERS = ('none', 'pytorch', 'slurm')


def detect_launcher() -> str:
    """Say what started this process: torchrun, SLURM with several tasks, or neither."""
    if {'RANK', 'WORLD_SIZE', 'MASTER_ADDR'} <= os.environ.keys():
        return 'pytorch'
    if int(os.environ.get('SLURM_NTASKS', 1)) > 1 and 'SLURM_PROCID' in os.environ:
        return 'slurm'
    return 'none'


def start_workers(launcher: str) -> None:
    """Join the other processes of a launcher; each gets its own GPU where there are any.

    The processes only agree on the start of a run, so the gloo backend serves on any machine.

    Args:
        launcher: One of :data:`LAUNCHERS`.
    """
    if launcher == 'none':
        return
    if torch.cuda.is_available():
        init_dist(launcher, backend='gloo')
        return
    # mmengine's launchers select a GPU and fail where there is none.
    if launcher == 'slurm':
        first_host = subprocess.run(
            ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']],
            check=True, capture_output=True, text=True).stdout.split()[0]
        os.environ.setdefault('MASTER_ADDR', first_host)
        os.environ.setdefault('MASTER_PORT', '29500')
        os.environ.update(RANK=os.environ['SLURM_PROCID'],
                          WORLD_SIZE=os.environ['SLURM_NTASKS'],
                          LOCAL_RANK=os.environ.get('SLURM_LOCALID', '0'))
    torch.distributed.init_process_group('gloo')
