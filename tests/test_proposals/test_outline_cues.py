import cv2
import numpy as np
import pytest

from s2d_plugins.proposals.outline_cues import (
    CELLS,
    NUM_CUES,
    OutlineCrop,
    carry,
    crop_window,
    cut_out,
    outline_cues,
    part_residual,
    paste,
)


def square(low=48, high=80):
    mask = np.zeros((CELLS, CELLS), np.float32)
    mask[low:high, low:high] = 1
    return mask


def made_crop(own=(3.0, -2.0), pan=(5.0, 1.0), gaps=(1,)):
    """A red square on blue that moves on its own besides a pan."""
    image = np.zeros((CELLS, CELLS, 3), np.uint8) + np.uint8((20, 40, 200))
    image[square() > 0] = (200, 40, 20)
    flow = np.zeros((CELLS, CELLS, 2), np.float32) + np.float32(pan)
    flow[square() > 0] += own
    return OutlineCrop(image, np.stack([flow * gap for gap in gaps]),
                       np.zeros((len(gaps), CELLS, CELLS), np.float32), gaps)


def test_a_window_is_a_square_around_a_box():
    assert crop_window((100, 50, 40, 80)) == pytest.approx((56, 26, 128))
    assert crop_window((10, 10, 2, 2)) == pytest.approx((-1, -1, 24))  # the least side


def test_a_cut_has_a_cell_for_a_pixel_or_averages_several():
    values = np.arange(200 * 200, dtype=np.float32).reshape(200, 200)
    np.testing.assert_array_equal(cut_out(values, (20, 30, CELLS)), values[30:158, 20:148])
    stripes = np.zeros((512, 512), np.float32)
    stripes[:, ::4] = 4  # one of the four pixels in each cell
    assert cut_out(stripes, (0, 0, 512))[:, 2:-2] == pytest.approx(1)


def test_beyond_the_frame_its_border_goes_on():
    values = np.zeros((100, 100), np.float32)
    values[:, 0] = 7
    assert (cut_out(values, (-64, 0, CELLS))[:100, :64] == 7).all()


def test_what_is_cut_out_can_be_put_back():
    rng = np.random.default_rng(0)
    values = cv2.GaussianBlur(rng.random((150, 180), np.float32), (0, 0), 4)
    back = paste(cut_out(values, (30, 10, 100)), (30, 10, 100), (150, 180))
    np.testing.assert_allclose(back[12:108, 32:128], values[12:108, 32:128], atol=0.01)
    assert back[:8].max() == 0 and back[:, 135:].max() == 0


def test_values_come_along_the_flow():
    """Eight pixels to the right in a square that lies five pixels further left and is larger."""
    rows, columns = np.mgrid[:CELLS, :CELLS].astype(np.float32)
    flow = np.zeros((CELLS, CELLS, 2), np.float32) + np.float32((8, 0))
    carried = carry(columns, (15, 20, 2 * CELLS), flow, (20, 20, CELLS))
    # column c is pixel 20 + c + 0.5, plus 8 in the other frame: cell (13.5 + c) / 2, at its middle
    assert carried[10, 40] == pytest.approx((13.5 + 40) / 2 - 0.5)
    assert carry(rows + 1, (500, 20, CELLS), flow, (20, 20, CELLS)).max() == 0  # out of it


def test_what_moves_stands_out_of_the_surroundings_and_fits_itself():
    cues = outline_cues(made_crop(), square())
    assert cues.shape == (1, NUM_CUES, CELLS, CELLS) and cues.dtype == np.float32
    inside, outside = np.s_[52:76, 52:76], np.s_[:20, :20]
    # residual over hypot(0.1, 0.3): both typical lengths are the least
    assert cues[0, 0][inside] == pytest.approx(np.arcsinh(3 / np.hypot(0.1, 0.3)), abs=0.02)
    assert cues[0, 1][inside] == pytest.approx(np.arcsinh(-2 / np.hypot(0.1, 0.3)), abs=0.02)
    assert np.abs(cues[0, :2][:, :20, :20]).max() < 0.02
    assert np.abs(cues[0, 2:4][(slice(None), *inside)]).max() < 0.1
    assert cues[0, 2][outside] == pytest.approx(np.arcsinh(-3 / np.hypot(0.1, 0.3)), abs=0.1)
    assert cues[0, 5:7] == pytest.approx(np.log(0.1))
    assert cues[0, 7] == pytest.approx(1 / 6)


def test_time_runs_forward():
    cues = outline_cues(made_crop(gaps=(-3, 3)), square())
    np.testing.assert_allclose(cues[0], cues[1], atol=1e-4)


def test_colours_tell_inside_from_outside():
    cues = outline_cues(made_crop(), square())[0]
    assert cues[11][square() > 0] == pytest.approx(3)  # the limit
    assert cues[11][square() == 0] == pytest.approx(-3)
    assert cues[8:11, 0, 0] == pytest.approx(0, abs=1e-3)  # the surroundings' own colour
    np.testing.assert_array_equal(cues[12], square())
    assert cues[13].sum() == pytest.approx(square().sum(), rel=1e-3)


def test_a_part_of_two_motions_has_that_of_the_larger():
    flow = np.zeros((64, 64, 2), np.float32)
    flow[24:40, 24:40] = (8, 0)  # a sixteenth of it
    residual, typical = part_residual(flow, np.ones((64, 64), bool))
    assert np.abs(residual[:, :20]).max() < 0.2 and residual[24:40, 24:40, 0].min() > 7.8
    assert typical < 0.3


def test_masks_that_fill_a_crop_or_none_of_it():
    for mask in (np.ones((CELLS, CELLS), np.float32), np.zeros((CELLS, CELLS), np.float32)):
        assert np.isfinite(outline_cues(made_crop(), mask)).all()
