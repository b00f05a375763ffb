from types import SimpleNamespace

import pytest
import torch
from small_model import build_small, make_batch, make_clip

from s2d_plugins.hooks import CompileHook


@pytest.fixture
def counters():
    """What torch's compiler did."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield torch._dynamo.utils.counters
    torch._dynamo.reset()


def test_losses_and_names_stay_and_each_part_is_one_graph(counters):
    model = build_small(teacher_score_thr=0.0).eval()
    clip = make_clip([{1: (8, 8, 40, 40)}, {}, {1: (8, 8, 40, 40)}])
    data = model.data_preprocessor(make_batch(clip), True)
    names = list(model.state_dict())
    runs = []
    for backend in (None, 'eager'):
        if backend:
            CompileHook(backend=backend).before_train(SimpleNamespace(model=model))
        torch.manual_seed(0)
        runs.append(model.loss(**data))
    for name, value in runs[0].items():
        torch.testing.assert_close(runs[1][name], value)
    sum(runs[1].values()).backward()
    assert list(model.state_dict()) == names
    # backbone and pixel decoder of student and teacher
    assert counters['stats']['unique_graphs'] == 4 and not counters['graph_break']
