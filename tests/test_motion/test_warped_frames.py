"""Made pairs of images: the flow really maps one onto the other."""

import cv2
import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.motion.warped_frames import WarpedFrames, random_motion


@pytest.fixture
def videos(tmp_path):
    (tmp_path / 'clip').mkdir()
    rng = np.random.default_rng(0)
    for t in range(100):
        image = cv2.GaussianBlur(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8), (0, 0), 3)
        cv2.imwrite(str(tmp_path / 'clip' / f'{t:03d}.png'), image)
    return str(tmp_path)


def test_first_image_is_the_second_at_the_flow(videos):
    data = WarpedFrames(videos, size=(64, 96), length=3, seed=0, max_shift=4)
    first, second, flow = data.pair(np.random.default_rng(3))
    y, x = np.mgrid[:64, :96].astype(np.float32)
    sampled = cv2.remap(second, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    # apart from noise, brightness, the frame's border and what layers hide
    error = np.abs(sampled.astype(float) - first)[12:-12, 12:-12].mean(axis=2)
    assert np.median(error) < 15


def test_items_are_reproducible_and_fit_mmflow(videos):
    data = WarpedFrames(videos, size=(64, 96), length=3, seed=0)
    one, other = data[1], data[1]
    assert len(data) == 3 and one['inputs'].shape == (2, 3, 64, 96)
    assert (one['inputs'] == other['inputs']).all()
    assert one['data_samples'].gt_flow_fw.data.shape == (2, 64, 96)


def test_held_out_frames_are_others(videos):
    train, held_out = (WarpedFrames(videos, size=(64, 96), stride=1, held_out=held)
                       for held in (False, True))
    assert (len(train.images), len(held_out.images)) == (80, 20)
    with pytest.raises(S2DInputError, match='found no frame to use'):
        WarpedFrames(videos, size=(64, 96), stride=60, held_out=True)


def test_shift_is_bounded():
    rng = np.random.default_rng(0)
    flows = [random_motion((32, 32), 5.0, rng, wavy=0) for _ in range(50)]
    middle = [np.linalg.norm(flow[16, 16]) for flow in flows]
    assert max(middle) <= 5.0 + 1e-3 and min(middle) < 0.5
