import pytest
import torch
from mmengine.registry import DefaultScope


@pytest.fixture(autouse=True)
def scope():
    """Configs name their parts without a scope."""
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        yield


@pytest.fixture
def no_weights(monkeypatch):
    """Models of full size without random weights, which take most of the time to build them."""
    for name in ('kaiming_uniform_', 'kaiming_normal_', 'xavier_uniform_', 'uniform_', 'normal_',
                 'trunc_normal_'):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
