"""Answers worked out by hand."""

import math

import numpy as np
import pytest

from s2d_plugins.apis.proposal_quality import measure_proposals, verdict, warped_ious
from s2d_plugins.labels.rle import encode_mask


def square(left, width=4, size=(10, 20)):
    mask = np.zeros(size, bool)
    mask[2:6, left:left + width] = True
    return mask


def flow(dx):
    """From the next frame back to this one."""
    return np.full((10, 20, 2), (dx, 0), np.float32)


def proposals(*lefts):
    return [[dict(segmentation=encode_mask(square(left)), score=1.0)] for left in lefts]


@pytest.mark.parametrize(('there', 'dx', 'iou'), [
    ([square(5)], -3, 1), ([square(7)], -3, 1 / 3), ([square(7), square(5)], -3, 1),
    ([square(12)], -3, 0), ([], -3, 0)])
def test_masks_move_along_the_flow(there, dx, iou):
    there = np.array(there, bool).reshape(-1, 10, 20)
    assert warped_ious(square(2)[None], there, flow(dx)) == pytest.approx([iou])


def test_a_mask_that_leaves_is_not_counted():
    found = warped_ious(square(15)[None], square(2)[None], flow(-8))
    assert math.isnan(found[0])
    assert warped_ious(np.zeros((0, 10, 20), bool), square(2)[None], flow(0)).shape == (0,)


def test_report():
    back = [(None, flow(-3))] * 2  # the second square stays behind: 4 wide, 3 off, 1/7
    told = []
    found = measure_proposals(proposals(2, 5, 5), back, lambda *state: told.append(state))
    assert found['masks_per_frame'] == [1, 1, 1]
    assert found['areas'] == pytest.approx([16 / 200] * 3)
    assert found['pair_stability'] == pytest.approx([1, 1 / 7])
    assert found['stability'] == pytest.approx(4 / 7)
    assert found['stable_pairs'] == 0.5
    assert told == [(1, 2), (2, 2)]
    assert verdict(found) == 'yes: in 50 % of the frames a mask holds into the next'


def test_background_says_nothing():
    everything = [[dict(segmentation=encode_mask(np.ones((10, 20), bool)), score=1.0)]] * 2
    found = measure_proposals(everything, [(None, flow(0))])
    assert (found['stability'], found['stable_pairs']) == (1, 0)


@pytest.mark.parametrize(('masks', 'stable', 'word'), [
    (0, 0.0, 'no: there are no masks'), (1, None, 'no: one frame'), (5, 0.5, 'yes'),
    (5, 0.15, 'doubtful'), (5, 0.14, 'no: only')])
def test_verdicts(masks, stable, word):
    assert verdict(dict(masks=masks, stable_pairs=stable)).startswith(word)


def test_nothing_at_all():
    found = measure_proposals([[], []], [(None, flow(0))])
    assert (found['areas'], found['stability'], found['pair_stability']) == (None, None, [None])
