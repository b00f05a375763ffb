from types import SimpleNamespace

import pytest
from torch import nn

from s2d_plugins.errors import S2DInputError
from s2d_plugins.hooks import CompileHook


def test_parts_are_found_in_wrapped_models_and_by_longer_names():
    model = nn.Sequential()
    model.student = nn.Module()
    model.student.head, model.overhead = nn.Linear(1, 1), nn.Linear(1, 1)
    CompileHook(['student.head'], 'eager').before_train(SimpleNamespace(model=model))
    assert model.student.head._compiled_call_impl and not model.overhead._compiled_call_impl
    CompileHook(['head'], 'eager').before_train(SimpleNamespace(model=nn.Sequential(model)))
    assert not model.overhead._compiled_call_impl


@pytest.mark.parametrize('part', ['head', ''])
def test_a_part_that_is_not_there(part):
    message = 'CompileHook: expected parts to be parts of Sequential, which has no '
    with pytest.raises(S2DInputError, match=message + part):
        CompileHook([part], 'eager').before_train(SimpleNamespace(model=nn.Sequential()))


def test_modes_are_inductors():
    assert CompileHook(mode='reduce-overhead').mode == 'reduce-overhead'
    with pytest.raises(S2DInputError, match="mode to be None with backend=eager, found 'default'"):
        CompileHook(backend='eager', mode='default')
