import argparse

import pytest
import torch

from s2d_plugins.apis import command_line
from s2d_plugins.apis.command_line import (
    add_window_arguments,
    choose_device,
    run_tool,
    window_settings,
)
from s2d_plugins.errors import S2DInputError, one_line


def raising(error):
    def main():
        raise error
    return main


def test_exit_codes(capsys):
    assert run_tool(lambda: None) == 0
    assert run_tool(lambda: 2) == 2
    assert run_tool(raising(S2DInputError('bad\nfile'))) == 2
    assert capsys.readouterr().err == 'error: bad file\n'
    assert run_tool(raising(KeyboardInterrupt()), 'go on') == 130
    assert capsys.readouterr().err == '\ngo on\n'
    with pytest.raises(ZeroDivisionError):
        run_tool(raising(ZeroDivisionError()))


def test_one_line_drops_what_registries_and_workers_add():
    assert one_line(S2DInputError('class `A` in b/c.py: no such file')) == 'no such file'
    worker = ('Caught S2DInputError in DataLoader worker process 0.\nOriginal Traceback (most '
              'recent call last):\n  File "x.py"\ns2d_plugins.errors.S2DInputError: lost: frame 3')
    assert one_line(S2DInputError(worker)) == 'lost: frame 3'
    assert one_line(ValueError()) == 'ValueError'


@pytest.fixture
def hidden_gpus(monkeypatch):
    """Undo what choose_device does to the environment."""
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    return monkeypatch


def test_choose_device(hidden_gpus):
    assert choose_device('cpu') == 'cpu'
    hidden_gpus.setattr(torch.cuda, 'is_available', lambda: True)
    assert choose_device(None) == 'cuda' and choose_device('cpu') == 'cpu'
    assert choose_device('cuda:1') == 'cuda'
    assert command_line.os.environ['CUDA_VISIBLE_DEVICES'] == '1'
    hidden_gpus.setattr(torch.cuda, 'is_available', lambda: False)
    assert choose_device(None) == 'cpu'
    with pytest.raises(S2DInputError, match='device cuda was asked for.*sees no GPU'):
        choose_device('cuda')


@pytest.mark.parametrize('name', ['gpu', 'cuda:x', 'cpu:1'])
def test_unknown_devices(hidden_gpus, name):
    with pytest.raises(S2DInputError, match=f"expected the device .*, found '{name}'"):
        choose_device(name)


def test_window_arguments():
    parser = argparse.ArgumentParser()
    add_window_arguments(parser, score_thr=0.25)
    assert window_settings(parser.parse_args([])) == dict(
        score_thr=0.25, top_k=10, window=None, overlap=0, tube_nms_iou=None)
    assert window_settings(parser.parse_args(['--window', '9']))['overlap'] == 4
