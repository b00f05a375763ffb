"""Which launcher, and joining the others without a GPU."""

import os
from types import SimpleNamespace

import pytest

from s2d_plugins.keymasks import workers

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


def test_slurm_with_an_address_that_is_set(environment):
    """What the job's script chose stays; without a local number it is the first on its host."""
    for name, value in dict(SLURM, MASTER_ADDR='head', MASTER_PORT='1234').items():
        environment.setenv(name, value)
    environment.delenv('SLURM_LOCALID')
    environment.setattr(workers.subprocess, 'run', lambda *_, **__: SimpleNamespace(stdout='a'))
    environment.setattr(workers.torch.cuda, 'is_available', lambda: False)
    environment.setattr(workers.torch.distributed, 'init_process_group', lambda _: None)
    workers.start_workers('slurm')
    assert [os.environ[name] for name in ('LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT')] == [
        '0', 'head', '1234']


def test_with_gpus_mmengine_joins(environment):
    calls = []
    environment.setattr(workers.torch.cuda, 'is_available', lambda: True)
    environment.setattr(workers, 'init_dist', lambda *args, **kwargs: calls.append((args, kwargs)))
    workers.start_workers('none')
    assert calls == []
    workers.start_workers('pytorch')
    assert calls == [(('pytorch',), dict(backend='gloo'))]
