import torch

from s2d_plugins.proposals.motion_cues import NUM_CUES
from s2d_plugins.proposals.motion_network import MotionNetwork


def made_cues(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


def test_any_number_of_gaps_in_any_order():
    torch.manual_seed(0)
    network = MotionNetwork(widths=(8, 16)).eval()
    cues = made_cues(2, 4, NUM_CUES, 16, 24)
    logits = network(cues)
    assert logits.shape == (2, 16, 24)
    torch.testing.assert_close(network(cues[:, [2, 0, 3, 1]]), logits)
    # the same gap twice tells nothing new
    torch.testing.assert_close(network(cues[:, [1, 1]]), network(cues[:, [1]]))


def test_every_weight_learns():
    torch.manual_seed(0)
    network = MotionNetwork(widths=(8, 16, 24))
    network(made_cues(1, 2, NUM_CUES, 16, 16)).square().mean().backward()
    assert all(value.grad.abs().sum() > 0 for value in network.parameters())


def test_left_and_right_are_alike_in_place():
    """The network knows the distance from the middle column only."""
    torch.manual_seed(0)
    network = MotionNetwork(widths=(8, 16)).eval()
    with torch.no_grad():
        for value in network.parameters():
            if value.dim() == 4:  # kernels that are their own mirror image
                value.copy_((value + value.flip(-1)) / 2)
        cues = made_cues(1, 1, NUM_CUES, 8, 17)
        torch.testing.assert_close(network(cues.flip(-1)), network(cues).flip(-1), atol=1e-4,
                                   rtol=1e-4)
