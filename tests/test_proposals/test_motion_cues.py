import numpy as np
import pytest

from s2d_plugins.proposals.motion_cues import NUM_CUES, motion_cues

SIZE = (64, 96)


def made_flow(square=(0, 0), pan=(0, 0)):
    """A pan, and a square of 16 x 16 pixels in the middle that moves on its own besides."""
    flow = np.zeros((*SIZE, 2), np.float32) + np.float32(pan)
    flow[24:40, 40:56] += square
    return flow


def cues_of(flow, gap=1, size=(16, 24), greys=None):
    grey, other = greys or (np.full(SIZE, 100, np.uint8),) * 2
    return motion_cues(flow, grey, other, gap, size)


def test_shape_and_constants():
    cues = cues_of(made_flow(), gap=-3)
    assert cues.shape == (NUM_CUES, 16, 24) and cues.dtype == np.float32
    assert cues[5] == pytest.approx(np.log(0.1))  # the least length that residuals are given
    assert cues[6] == pytest.approx(np.log(0.5))  # nothing moves: the floor alone
    assert cues[7] == pytest.approx(0.5)


def test_what_moves_stands_out_of_a_pan():
    cues = cues_of(made_flow(square=(3, -2), pan=(5, 1)))
    inside = cues[:, 7:9, 11:13]
    # residual over hypot(0.1, 0.3), centred flow over the floor of 0.5
    assert inside[0] == pytest.approx(np.arcsinh(3 / np.hypot(0.1, 0.3)), abs=0.05)
    assert inside[1] == pytest.approx(np.arcsinh(-2 / np.hypot(0.1, 0.3)), abs=0.05)
    assert inside[2] == pytest.approx(np.arcsinh(3 / 0.5), abs=1e-4)
    assert inside[3] == pytest.approx(np.arcsinh(-2 / 0.5), abs=1e-4)
    assert np.abs(cues[:4, :3]).max() < 0.1


def test_time_runs_forward():
    """The flow to an earlier frame, turned round, tells the same."""
    later, earlier = cues_of(made_flow((3, 0)), gap=3), cues_of(made_flow((-3, 0)), gap=-3)
    np.testing.assert_allclose(later, earlier, atol=1e-5)


def test_a_flow_that_joins_the_frames_has_no_error():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, SIZE, np.uint8)
    joined = cues_of(made_flow(pan=(4, 0)), greys=(grey, np.roll(grey, 4, axis=1)))
    apart = cues_of(made_flow(), greys=(grey, np.roll(grey, 4, axis=1)))
    assert joined[4, :, :22].max() == 0
    assert apart[4].mean() == pytest.approx(1, abs=0.1)  # errors are in units of their mean
