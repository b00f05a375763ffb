"""What judges motion: with weights and without."""

import numpy as np
import pytest
import torch

from s2d_plugins.errors import S2DInputError
from s2d_plugins.proposals import LearntMotion, ResidualMotion
from s2d_plugins.proposals.camera_motion import motion_saliency
from s2d_plugins.proposals.learnt_motion import grid_of
from s2d_plugins.proposals.motion_network import MotionNetwork
from s2d_plugins.registry import TASK_UTILS

SIZE = (120, 208)


def made_scene(step=3):
    """A textured square of 30 pixels moves to the right before still ground."""
    rng = np.random.default_rng(0)
    ground, patch = (rng.integers(0, 256, size, np.uint8) for size in (SIZE, (30, 30)))
    greys, flows = {}, {}
    for gap in (-3, -1, 0, 1, 3):
        greys[gap] = ground.copy()
        greys[gap][50:80, 90 + step * gap:120 + step * gap] = patch
        flows[gap] = np.zeros((*SIZE, 2), np.float32)
        flows[gap][50:80, 90:120, 0] = step * gap
    del flows[0]
    truth = np.zeros(SIZE, bool)
    truth[50:80, 90:120] = True
    return flows, greys, truth


def test_residual_motion_is_motion_saliency():
    flows, greys, _ = made_scene()
    np.testing.assert_array_equal(ResidualMotion(tolerance=2.0)(flows, greys),
                                  motion_saliency(flows, 2.0))


def test_the_shipped_network_sees_the_square():
    flows, greys, truth = made_scene()
    saliency = LearntMotion()(flows, greys)
    assert saliency.shape == SIZE and saliency.dtype == np.float32
    assert saliency.min() >= 0 and saliency.max() <= 1
    found = saliency > 0.5
    assert (found & truth).sum() / (found | truth).sum() > 0.6


def test_where_nothing_moves_nothing_is_seen():
    flows, greys, _ = made_scene(step=0)
    assert LearntMotion()(flows, greys).max() < 0.5


@pytest.mark.parametrize(('size', 'grid'), [
    ((240, 416), (64, 104)),  # 60 rows are half way between 56 and 64
    ((416, 240), (104, 64)), ((240, 428), (56, 104)), ((200, 200), (80, 80)),
    ((64, 2000), (16, 440))])
def test_cells_are_square(size, grid):
    assert grid_of(*size) == grid


def test_weights_of_another_network(tmp_path):
    torch.save(dict(state_dict=MotionNetwork(widths=(8, 16)).state_dict()), tmp_path / 'a.pth')
    with pytest.raises(S2DInputError, match='a.pth: expected the weights of a MotionNetwork'):
        TASK_UTILS.build(dict(type='LearntMotion', weights=str(tmp_path / 'a.pth')))


@pytest.mark.parametrize('weights', ['none.pth', 's2d://none'])
def test_weights_that_are_not_there(weights):
    with pytest.raises(S2DInputError, match='none'):
        LearntMotion(weights)
