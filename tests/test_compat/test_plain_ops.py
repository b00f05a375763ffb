"""NMS and RoIAlign in plain PyTorch, alone and through mmcv's own functions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmcv.ops import RoIAlign, nms

from s2d_plugins.compat import plain_ops

BOXES = torch.tensor([[20., 20., 30., 30.], [0., 0., 10., 10.], [0., 0., 10., 5.],
                      [5., 5., 5., 5.], [5., 5., 5., 5.]])
SCORES = torch.tensor([.7, .9, .8, .6, .5])


# box 2 covers half of box 1: IoU 50/100, and 66/121 where the last pixel belongs to a box;
# boxes 3 and 4 are the same one, without area (offset 0) or of one pixel (offset 1)
@pytest.mark.parametrize(('threshold', 'offset', 'kept'), [
    (.5, 0, [1, 2, 0, 3, 4]), (.49, 0, [1, 0, 3, 4]), (.5, 1, [1, 0, 3]), (.6, 1, [1, 2, 0, 3])])
def test_nms_follows_the_definition(threshold, offset, kept):
    assert plain_ops.nms(BOXES, SCORES, threshold, offset).tolist() == kept
    detections, indices = nms(BOXES, SCORES, threshold, offset=offset)
    assert indices.tolist() == kept
    assert torch.equal(detections, torch.cat([BOXES, SCORES[:, None]], 1)[kept])


def test_nms_of_nothing():
    assert plain_ops.nms(torch.zeros(0, 4), torch.zeros(0), .5).tolist() == []


def bilinear(plane: np.ndarray, y: float, x: float) -> float:
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    return ((plane[top, left] * (1 - x + left) + plane[top, right] * (x - left)) * (1 - y + top)
            + (plane[bottom, left] * (1 - x + left) + plane[bottom, right] * (x - left))
            * (y - top))


def naive_roi_align(plane, roi, cells, scale, count, aligned) -> np.ndarray:
    """RoIAlign of one plane, sample by sample."""
    x, y, right, bottom = np.asarray(roi) * scale - (.5 if aligned else 0)
    width, height = right - x, bottom - y
    if not aligned:
        width, height = max(width, 1), max(height, 1)
    down, across = cells
    samples = [[[bilinear(plane, y + (row + (i + .5) / count) * height / down,
                          x + (column + (j + .5) / count) * width / across)
                 for i in range(count) for j in range(count)]
                for column in range(across)] for row in range(down)]
    return np.mean(samples, axis=-1)


@given(corner=st.tuples(*[st.integers(-12, 20)] * 2), size=st.tuples(*[st.integers(0, 24)] * 2),
       count=st.integers(1, 3), aligned=st.booleans(), seed=st.integers(0, 99))
def test_roi_align_equals_sampling_one_by_one(corner, size, count, aligned, seed):
    planes = np.random.default_rng(seed).normal(size=(2, 3, 7, 9))
    roi = [*corner, corner[0] + size[0], corner[1] + size[1]]
    found = plain_ops.roi_align(torch.from_numpy(planes), torch.tensor([[1., *roi]]), (3, 2),
                                .5, count, aligned)
    expected = [naive_roi_align(plane, roi, (3, 2), .5, count, aligned) for plane in planes[1]]
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_roi_align_answers_worked_out_by_hand():
    ramp = torch.arange(8.).expand(1, 1, 8, 8)  # the value is the column
    # cells [2, 4) and [4, 6) have their centres at 3 and 5, half a cell off the column numbers
    found = RoIAlign((1, 2), 1., 0)(ramp, torch.tensor([[0., 2, 2, 6, 6]]))
    torch.testing.assert_close(found, torch.tensor([[[[2.5, 4.5]]]]))
    # samples at columns -3.5, -1.5, 0.5 and 2.5: the first two lie outside and count as zero
    found = RoIAlign((1, 1), 1., 4)(torch.ones(1, 1, 8, 8), torch.tensor([[0., -4, 2, 4, 6]]))
    torch.testing.assert_close(found, torch.tensor([[[[.5]]]]))
    # a region of 4x3 cells read by 2x2: two samples a cell and axis, as with sampling_ratio 2
    roi = torch.tensor([[0., 1, 1, 5, 4]])
    features = torch.rand(1, 2, 8, 8)
    torch.testing.assert_close(RoIAlign((2, 2), 1., 0)(features, roi),
                               RoIAlign((2, 2), 1., 2)(features, roi))
    assert RoIAlign((2, 2), 1., 0)(features, torch.zeros(0, 5)).shape == (0, 2, 2, 2)


def test_roi_align_gradient():
    features = torch.rand(2, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0., 1, 1, 9, 8], [1, -2, 0, 4, 3], [0, 2, 2, 4, 4]])
    torch.autograd.gradcheck(lambda planes: RoIAlign((2, 2), .5, 0)(planes, rois), features)


def test_roi_align_errors():
    features = torch.rand(1, 1, 4, 4)
    with pytest.raises(ValueError, match='negative size'):
        plain_ops.roi_align(features, torch.tensor([[0., 3, 3, 1, 1]]), (1, 1), 1., 0, True)
