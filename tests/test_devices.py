"""The device that a user names, on a made machine of two GPUs."""

import ctypes
import os

import pytest
import torch
from mmengine.device import get_device, is_cuda_available, utils
from mmengine.runner import Runner
from torch import nn

from s2d_plugins.devices import choose_device, give_back_memory, running_on
from s2d_plugins.errors import S2DInputError


class CurrentGpu:
    """Stands for ``torch.cuda.device``: notes which GPU is the current one."""

    current = 0

    def __init__(self, index):
        self.index = index

    def __enter__(self):
        self.before, CurrentGpu.current = CurrentGpu.current, self.index

    def __exit__(self, *error):
        CurrentGpu.current = self.before


@pytest.fixture
def gpus(monkeypatch):
    """Let torch and mmengine see two GPUs of the eight that a scheduler has."""
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '5,6')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    monkeypatch.setattr(torch.cuda, 'device', CurrentGpu)
    monkeypatch.setattr(utils, 'DEVICE', 'cuda')
    return monkeypatch


@pytest.mark.parametrize(('name', 'expected'), [
    (None, 'cuda'), ('cuda', 'cuda'), ('cuda:0', 'cuda:0'), ('cuda:01', 'cuda:1'), ('cpu', 'cpu')])
def test_choice(gpus, name, expected):
    assert choose_device(name) == expected
    assert os.environ['CUDA_VISIBLE_DEVICES'] == '5,6'


@pytest.mark.parametrize('name', ['gpu', 'cuda:x', 'cuda:', 'cpu:1', 'cuda:-1', 'cuda:²', 'CUDA'])
def test_unknown_devices(gpus, name):
    with pytest.raises(S2DInputError, match=f"expected the device .*, found '{name}'"):
        choose_device(name)


def test_a_gpu_that_is_not_there(gpus):
    with pytest.raises(S2DInputError, match='device cuda:2 was asked for, but torch sees 2 GPUs'):
        choose_device('cuda:2')
    gpus.setattr(torch.cuda, 'is_available', lambda: False)
    assert choose_device() == 'cpu'
    with pytest.raises(S2DInputError, match='device cuda was asked for.*sees no GPU'):
        choose_device('cuda')


def test_mmengine_runs_on_the_cpu_beside_a_gpu(gpus):
    moved_to = []
    gpus.setattr(nn.Linear, 'to', lambda self, device: moved_to.append(device) or self)
    with running_on('cpu'):
        assert not is_cuda_available() and get_device() == 'cpu'
        runner = Runner.__new__(Runner)
        runner._distributed = False
        gpus.setattr(Runner, 'logger', type('Log', (), {'info': print}), raising=False)
        runner.wrap_model(None, nn.Linear(1, 1))
    assert moved_to == ['cpu']
    assert is_cuda_available() and get_device() == 'cuda'
    assert os.environ['CUDA_VISIBLE_DEVICES'] == '5,6'


def test_the_gpu_asked_for_is_the_current_one_meanwhile(gpus):
    with pytest.raises(ZeroDivisionError), running_on('cuda:1'):
        assert CurrentGpu.current == 1 and get_device() == 'cuda'
        raise ZeroDivisionError
    assert CurrentGpu.current == 0
    with running_on('cuda'):
        assert CurrentGpu.current == 0 and get_device() == 'cuda'


@pytest.mark.parametrize('missing', [OSError, AttributeError])
def test_memory_is_given_back_where_the_c_library_can(monkeypatch, missing):
    asked = []

    class Library:
        def malloc_trim(self, kept):
            asked.append(kept)

    monkeypatch.setattr(ctypes, 'CDLL', lambda name: Library())
    give_back_memory()
    assert asked == [0]

    def none(name):
        raise missing

    monkeypatch.setattr(ctypes, 'CDLL', none)
    give_back_memory()
