import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.proposals.moving_clip import MovingClip


def made_frames(length=8, size=(96, 128)):
    """A mottled picture that moves three pixels a frame to the right."""
    rng = np.random.default_rng(0)
    ground = np.repeat(np.repeat(rng.integers(0, 256, (24, 40, 3)), 4, 0), 4, 1).astype(np.uint8)
    return [np.roll(ground, 3 * index, axis=1)[:size[0], :size[1]] for index in range(length)]


def test_flow_goes_to_the_other_frame():
    motion = MovingClip(made_frames(), 128, (-1, 1, 3)).motion(0)
    assert list(motion) == [1, 3]  # there is no frame before
    for gap, (flow, error) in motion.items():
        middle = flow[20:76, 30:90]
        assert np.median(middle[..., 0]) == pytest.approx(3 * gap, abs=0.2)
        assert np.median(middle[..., 1]) == pytest.approx(0, abs=0.2)
        assert np.median(error[20:76, 30:90]) < 3


@pytest.mark.parametrize(('gaps', 'held'), [((-1, 1), {4, 5, 6}), ((1, 2), {5, 6, 7}),
                                            ((-2,), {3, 4, 5})])
def test_what_is_not_needed_again_is_forgotten(gaps, held):
    clip = MovingClip(made_frames(), 128, gaps)
    for index in range(6):
        clip.motion(index)
    assert set(clip.images) == held


@pytest.mark.parametrize(('size', 'working'), [
    ((96, 128), (96, 128)), ((192, 256), (96, 128)), ((16, 24), (64, 96)), ((40, 400), (64, 640))])
def test_working_sizes(size, working):
    """At most 128 pixels long, but not less than 64 wide: flow needs some room."""
    frames = np.zeros((2, *size, 3), np.uint8)
    assert MovingClip(frames, 128, (1,)).image(1).shape[:2] == working


def test_wrong_frames():
    frames = [*made_frames(1), np.zeros((96, 100, 3), np.uint8)]
    with pytest.raises(S2DInputError, match='frame 1: expected 128x96 as in frame 0, found 100x96'):
        MovingClip(frames, 128, (1,)).motion(0)
    with pytest.raises(S2DInputError, match='frame 0: expected an RGB image'):
        MovingClip(np.zeros((2, 96, 128), np.uint8), 128, (1,)).image(0)
