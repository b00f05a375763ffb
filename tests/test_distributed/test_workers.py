"""Which launcher, and joining the others without a GPU."""

import os
from types import SimpleNamespace

import pytest

from s2d_plugins.distributed import workers
from s2d_plugins.errors import S2DInputError

SLURM = dict(SLURM_NTASKS='4', SLURM_PROCID='2', SLURM_NODELIST='node[3-4]', SLURM_LOCALID='1')


@pytest.fixture
def environment(monkeypatch):
    """An environment without a launcher; what is set in it is undone."""
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT', 'LOCAL_RANK', *SLURM):
        monkeypatch.setenv(name, 'x')  # so that the test's end restores what there was
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(('variables', 'launcher'), [
    ({}, 'none'), (dict(RANK='0', WORLD_SIZE='2', MASTER_ADDR='a'), 'pytorch'),
    (dict(RANK='0', WORLD_SIZE='2'), 'none'), (SLURM, 'slurm'),
    (dict(SLURM, SLURM_NTASKS='1'), 'none'), (dict(SLURM_NTASKS='4'), 'none')])
def test_launcher(environment, variables, launcher):
    for name, value in variables.items():
        environment.setenv(name, value)
    assert workers.detect_launcher() == launcher


def test_slurm_without_gpus(environment):
    """Rank and size come from SLURM, the address from the first of its hosts."""
    for name, value in SLURM.items():
        environment.setenv(name, value)
    commands, groups = [], []

    def run(command, **kwargs):
        commands.append(command)
        return SimpleNamespace(stdout='node3\nnode4\n')

    environment.setattr(workers.subprocess, 'run', run)
    environment.setattr(workers.torch.cuda, 'is_available', lambda: False)
    environment.setattr(workers.torch.distributed, 'init_process_group', groups.append)
    workers.start_workers('slurm')
    assert commands == [['scontrol', 'show', 'hostnames', 'node[3-4]']] and groups == ['gloo']
    found = {name: os.environ[name] for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK',
                                                 'MASTER_ADDR', 'MASTER_PORT')}
    assert found == dict(RANK='2', WORLD_SIZE='4', LOCAL_RANK='1', MASTER_ADDR='node3',
                         MASTER_PORT='29500')


def test_one_alone_joins_nobody(environment):
    environment.setattr(workers.torch.distributed, 'init_process_group', pytest.fail)
    workers.start_workers('none')


@pytest.mark.parametrize(('launcher', 'variables', 'line'), [
    ('pytorch', dict(RANK='0', WORLD_SIZE='2', MASTER_ADDR='a'),
     '--launcher pytorch: the environment has no MASTER_PORT; start the command with torchrun'),
    ('slurm', {}, '--launcher slurm: the environment has no SLURM_PROCID; start .* with srun'),
    ('slurm', SLURM, r'cannot join the other processes \(.*scontrol.*\); see that'),
    ('pytorch', dict(RANK='x', WORLD_SIZE='2', MASTER_ADDR='a', MASTER_PORT='1'),
     r'cannot join the other processes \(invalid literal')])
def test_mistakes(environment, launcher, variables, line):
    for name, value in variables.items():
        environment.setenv(name, value)
    environment.setenv('PATH', '')
    with pytest.raises(S2DInputError, match=line):
        workers.start_workers(launcher)


@pytest.mark.parametrize(('local', 'gpus', 'asked', 'device'), [
    ('0', 4, None, 'cuda:0'), ('3', 4, None, 'cuda:3'), ('3', 4, 'cuda', 'cuda:3'),
    ('3', 1, None, 'cuda:0'),  # SLURM shows each task its own GPU alone
    ('3', 2, None, 'cuda:1'), ('3', 4, 'cuda:2', 'cuda:2'), ('3', 4, 'cpu', 'cpu'),
    ('3', 0, None, 'cpu'), (None, 4, None, 'cuda')])
def test_each_process_has_its_own_gpu(environment, local, gpus, asked, device):
    """And ``CUDA_VISIBLE_DEVICES`` stays what it is; None stands for one process alone."""
    chosen = []
    environment.setenv('CUDA_VISIBLE_DEVICES', '7,5,3,1')
    cuda, distributed = workers.torch.cuda, workers.torch.distributed
    environment.setattr(cuda, 'is_available', lambda: gpus > 0)
    environment.setattr(cuda, 'device_count', lambda: gpus)
    environment.setattr(cuda, 'set_device', chosen.append)
    environment.setattr(distributed, 'is_initialized', lambda: local is not None)
    if local is not None:
        environment.setenv('LOCAL_RANK', local)
    assert workers.own_device(asked) == device and not chosen
    if asked is None:
        workers.use_own_gpu()
        assert chosen == ([int(device[5:])] if ':' in device else [])
    assert os.environ['CUDA_VISIBLE_DEVICES'] == '7,5,3,1'
