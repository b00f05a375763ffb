import pytest
import torch
from small_model import build_small


def test_losses_are_numbers_for_the_log_and_a_tensor_for_the_backward_pass():
    model = build_small()
    loss = torch.tensor([1.0, 3.0], requires_grad=True)
    total, values = model.parse_losses(dict(loss_mask=loss, d0=[torch.tensor(5.0)]))
    assert values == dict(loss=2.0, loss_mask=2.0, d0=5.0)
    assert list(values)[0] == 'loss'  # as mmengine orders them
    assert all(isinstance(value, float) for value in values.values())
    total.backward()
    assert loss.grad.tolist() == [0.5, 0.5]
    with pytest.raises(TypeError, match='acc is not a tensor'):
        model.parse_losses(dict(acc=1.0))
