"""Training steps in bfloat16, on a CPU that has it and on one that has not."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from small_model import build_small, make_batch, make_clip
from torch import nn

from s2d_plugins.models import bfloat16_optim_wrapper as module
from s2d_plugins.models.bfloat16_optim_wrapper import cpu_has_bfloat16

WRAPPER = dict(type='s2d_plugins.BFloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.1))


@pytest.mark.parametrize(('text', 'expected'), [
    ('flags : fpu avx512f avx512_bf16 vaes', True), ('flags\t: amx_bf16 amx_tile', True),
    ('Features : fp asimd i8mm bf16', True), ('flags : fpu avx512f avx512bw', False), ('', False)])
def test_what_the_system_says_of_its_cpu(tmp_path, text, expected):
    (tmp_path / 'cpuinfo').write_text(text)
    assert cpu_has_bfloat16(str(tmp_path / 'cpuinfo')) is expected


def test_a_system_that_says_nothing(tmp_path):
    assert not cpu_has_bfloat16(str(tmp_path / 'none'))


@pytest.mark.parametrize(('able', 'dtype', 'lines'), [
    (True, torch.bfloat16, 0), (False, torch.float32, 1)])
def test_precision_of_a_step(monkeypatch, able, dtype, lines):
    said = []
    monkeypatch.setattr(module, 'cpu_has_bfloat16', lambda: able)
    monkeypatch.setattr(module, 'print_log', lambda message, **_: said.append(message))
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    model = nn.Linear(2, 1)
    wrapper = build_optim_wrapper(model, dict(WRAPPER, accumulative_counts=2))
    for _ in range(2):
        with wrapper.optim_context(model):
            output = model(torch.ones(3, 2))
        assert output.dtype == dtype
        wrapper.update_params(output.float().sum())
    assert model.weight.dtype == torch.float32
    assert len(said) == lines and all('training in float32' in line for line in said)
    assert model(torch.ones(3, 2)).dtype == torch.float32  # outside the context as ever


def test_a_distillation_step_comes_near_the_float32_one(monkeypatch):
    batch = make_batch(make_clip([{1: (8, 8, 40, 40)}, {}, {1: (8, 8, 40, 40)}]))
    losses = {}
    for able in (True, False):
        monkeypatch.setattr(module, 'cpu_has_bfloat16', lambda able=able: able)
        # without the teacher, whose targets may differ by whole instances
        model = build_small(teacher_loss_weight=0.0).train()
        data = model.data_preprocessor(batch, True)
        wrapper = build_optim_wrapper(model.student, WRAPPER)
        with wrapper.optim_context(model):
            losses[able] = model(**data, mode='loss')
        assert all(value.dtype == torch.float32 for value in losses[able].values())
        wrapper.update_params(sum(losses[able].values()))
        assert all(torch.isfinite(weight).all() for weight in model.parameters())
    assert losses[True].keys() == losses[False].keys()
    for name, value in losses[True].items():
        torch.testing.assert_close(value, losses[False][name], rtol=0.05, atol=0.05)
    assert any(value != losses[False][name] for name, value in losses[True].items())
