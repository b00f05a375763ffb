import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2d_plugins.proposals.camera_motion import motion_saliency, residual_flow

small = st.floats(-0.02, 0.02)


def affine_flow(a, b, c, d, tx, ty, size=(40, 60)):
    rows, columns = np.mgrid[0:size[0], 0:size[1]].astype(np.float32)
    return np.stack([tx + a * columns + b * rows, ty + c * columns + d * rows], axis=-1)


@given(small, small, small, small, st.floats(-9, 9), st.floats(-9, 9))
def test_affine_camera_leaves_nothing(a, b, c, d, tx, ty):
    residual, scale = residual_flow(affine_flow(a, b, c, d, tx, ty))
    assert np.abs(residual).max() < 0.05
    assert scale == pytest.approx(0.1, abs=0.05)


def test_object_keeps_its_own_motion():
    flow = affine_flow(0.01, 0, 0, 0.01, 3, -2)
    flow[10:20, 10:25] += (4, 0)
    residual, _ = residual_flow(flow)
    np.testing.assert_allclose(residual[10:20, 10:25], [[[4, 0]] * 15] * 10, atol=0.1)
    assert np.abs(residual[25:]).max() < 0.1


def moving_box(shift):
    flow = np.zeros((40, 60, 2), np.float32)
    flow[10:20, 10:25] = shift
    return flow


def test_steady_motion_is_salient_and_flicker_is_not():
    steady = motion_saliency({1: moving_box((2, 0)), -1: moving_box((-2, 0))})
    flicker = motion_saliency({1: moving_box((2, 0)), -1: moving_box((2, 0))})
    assert steady[15, 15] > 0.8
    assert flicker[15, 15] < 0.01
    assert steady[30, 40] < 0.01
    assert steady.shape == (40, 60)


def test_motion_of_the_tolerated_size_gives_one_half():
    # scale is at its floor of 0.1 px: tolerated are hypot(3 * 0.1, 0.5) px
    saliency = motion_saliency({1: moving_box((np.hypot(0.3, 0.5), 0))})
    assert saliency[15, 15] == pytest.approx(0.5, abs=0.02)
