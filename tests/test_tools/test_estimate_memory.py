import importlib.util
import re
import sys
from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool():
    path = ROOT / 'tools' / 'analysis_tools' / 'estimate_memory.py'
    spec = importlib.util.spec_from_file_location('estimate_memory', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tool, monkeypatch, capsys):
    def run(*args) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, 'argv', ['estimate_memory.py', *map(str, args)])
        with DefaultScope.overwrite_default_scope('s2d_plugins'):
            code = tool.run_tool(tool.main)
        return code, *capsys.readouterr()
    return run


def test_weights_gradients_and_moments_by_hand(tool):
    # 3 x 2 weights and 2 biases of 4 bytes; the frozen layer has no gradient and no moments
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 5).requires_grad_(False))
    assert tool.state_bytes(model) == (8 * 4 + 15 * 4, 3 * 8 * 4)


def test_saved_bytes_by_hand(tool):
    """Both products keep the input for the weight's gradient: its 40 floats count once."""
    model = torch.nn.Linear(4, 4, bias=False)
    saved = tool.SavedBytes(model)
    inputs = torch.ones(10, 4)
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, lambda tensor: tensor):
        first, second = inputs @ model.weight, inputs.view(40, 1) * model.weight.sum()
    assert saved.total() == 40 * 4
    assert first.requires_grad and second.requires_grad


def total(text: str) -> tuple[float, float]:
    """Return what is kept per clip, and the sum."""
    return (float(re.search(r'backward ([\d.]+) GB', text)[1]),
            float(re.search(r'sum ([\d.]+) GB', text)[1]))


def test_larger_frames_take_more(tool, run):
    config = ROOT / 'configs' / 'final' / 'final_small.py'
    code, small, _ = run(config, '--size', 128, 128)
    assert code == 0 and 'single precision' in small and 'GB x 2 in a batch' in small
    _, large, _ = run(config, '--size', 256, 256)
    assert total(large)[0] > 2 * total(small)[0] > 0
    assert total(large)[1] >= 2 * total(large)[0] - 0.01
    _, compiled, _ = run(config, '--size', 256, 256, '--compiled-ops')
    assert total(compiled)[0] < total(large)[0]


def test_a_config_that_does_not_train(run, tmp_path):
    (tmp_path / 'a.py').write_text('model = dict()')
    code, _, error = run(tmp_path / 'a.py')
    assert code == 2 and 'give the config of a training' in error
