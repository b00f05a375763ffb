"""MaskCut by hand: patches of one kind look like each other and like no other kind."""

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.proposals.maskcut import mask_cut, maskcut
from s2d_plugins.proposals.maskcut.mask_cut import object_side
from s2d_plugins.proposals.maskcut.second_eigenvector import Cut


def features_of(kinds):
    """One-hot features of a grid of kinds; 0 is a kind as any other, -1 has no features."""
    kinds = np.asarray(kinds)
    return (kinds.ravel() == np.arange(kinds.max() + 1)[:, None]).astype(float), kinds.shape


def grid(*boxes, side=12):
    kinds = np.zeros((side, side), int)
    for kind, (top, left, height, width) in enumerate(boxes, 1):
        kinds[top:top + height, left:left + width] = kind
    return kinds


def test_two_cliques():
    kinds = grid((3, 4, 4, 5))
    cut = maskcut(*features_of(kinds), max_masks=1)
    assert np.array_equal(cut.masks[0], kinds == 1)
    assert cut.values[0] < 1e-3
    assert len(np.unique(cut.vectors[0])) == 2 and cut.vectors[0][kinds == 1].min() > 0


def test_objects_come_one_after_the_other_and_found_patches_stay():
    # of three cliques that nothing joins, the second largest is furthest from 0; at last both
    # found ones, now without features, are one side again: the first of them, subtracted
    kinds = grid((2, 2, 4, 5), (8, 6, 2, 4))
    cut = maskcut(*features_of(kinds))
    assert np.array_equal(cut.masks[0], kinds == 1)
    assert np.array_equal(cut.masks[1], kinds == 2)
    assert not cut.masks[2].any() and cut.vectors[2][kinds > 0].min() > 0
    # 28 of 144 patches without features: they walk to each other in 28 of 144 steps
    assert cut.values[2] == pytest.approx(1 - 28 / 144, abs=1e-3)


def test_only_the_part_of_the_seed_is_cut_out_and_parts_do_not_join_at_corners():
    kinds = grid((2, 2, 2, 2))
    kinds[4:6, 4:6] = 1  # touches at a corner only
    kinds[9, 8:11] = 1
    cut = maskcut(*features_of(kinds), max_masks=3)
    assert np.argwhere(cut.masks[0]).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]
    assert np.argwhere(cut.masks[1]).tolist() == [[4, 4], [4, 5], [5, 4], [5, 5]]
    assert np.argwhere(cut.masks[2]).tolist() == [[9, 8], [9, 9], [9, 10]]


def test_the_peak_says_which_side_is_the_object_and_the_corners_overrule_it():
    peak_inside = np.full((5, 5), 0.1)
    peak_inside[1:3, 1:3] = -0.9
    vector, above = object_side(peak_inside)
    assert above and vector[1, 1] == 0.9 and np.array_equal(object_side(-peak_inside)[0], vector)
    peak_at_corners = np.full((5, 5), 0.9)  # peak and four corners outside the object
    peak_at_corners[1:4, 1:4] = -0.1
    for sign in (1, -1):
        vector, above = object_side(sign * peak_at_corners)
        assert not above and vector[2, 2] == 0.1 and vector[0, 0] == -0.9
    peak_at_corners[0, :] = peak_at_corners[4, 0] = -0.1  # one corner left: the peak decides
    for sign in (1, -1):
        vector, above = object_side(sign * peak_at_corners)
        assert above and vector[4, 4] == 0.9


@pytest.mark.parametrize(('corners', 'is_object'), [(2, True), (3, False)])
def test_a_small_clique_at_the_corners(corners, is_object):
    kinds = np.zeros((6, 6), int)
    for row, column in [(0, 0), (0, 5), (5, 0)][:corners]:
        kinds[row, column] = 1
    mask = maskcut(*features_of(kinds), max_masks=1).masks[0]
    # the peak is at the small clique, in several parts: its first patch is the seed
    expected = np.zeros((6, 6), bool)
    expected[0, 0] = True
    assert np.array_equal(mask, expected if is_object else kinds == 0)


def test_equal_cliques_are_told_by_the_first_patch():
    kinds = np.zeros((6, 6), int)
    kinds[:, 3:] = 1
    mask = maskcut(*features_of(kinds), max_masks=1).masks[0]
    assert np.array_equal(mask, kinds == 0)


def test_a_rejected_mask_is_an_empty_previous_one(monkeypatch):
    first, second = np.full((2, 6, 6), -0.1)
    first[2, 1:3] = second[2, 1:4] = 0.9  # an IoU of 2/3
    cuts = iter([Cut(vector.ravel(), 0.5, vector.reshape(-1, 1)) for vector in (first, second)])
    monkeypatch.setattr(mask_cut, 'second_eigenvector', lambda graph, start: next(cuts))
    cut = maskcut(np.eye(36), (6, 6))
    assert np.array_equal(cut.masks[0], first > 0)
    assert not cut.masks[1].any()
    # nothing was found, so the third cut is the second again; it overlaps the empty mask before
    # it by nothing, and what the first has is subtracted
    assert np.argwhere(cut.masks[2]).tolist() == [[2, 3]]


@pytest.mark.parametrize(('start', 'is_kept'), [(1, False), (2, True), (3, True)])
def test_a_mask_may_overlap_the_one_before_by_half(monkeypatch, start, is_kept):
    vectors = np.full((2, 6, 6), -0.1)
    vectors[0, 2, 0:3] = 0.9
    vectors[1, 2, start:start + 3 if start > 1 else 3] = 0.9  # IoU 2/3, 1/5 and 0
    cuts = iter([Cut(vector.ravel(), 0.5, vector.reshape(-1, 1)) for vector in vectors])
    monkeypatch.setattr(mask_cut, 'second_eigenvector', lambda graph, start: next(cuts))
    cut = maskcut(np.eye(36), (6, 6), max_masks=2)
    assert cut.masks[1].any() == is_kept
    assert not (cut.masks[0] & cut.masks[1]).any()


def test_further_masks_of_at_most_one_percent_are_rejected_the_first_is_not():
    kinds = grid((2, 2, 1, 1), (6, 6, 1, 1), side=10)  # 1 % of the grid each
    cut = maskcut(*features_of(kinds))
    assert np.argwhere(cut.masks[0]).tolist() == [[2, 2]]
    assert not cut.masks[1:].any()
    kinds[2, 3] = 1
    kinds[6, 7] = 2
    assert np.argwhere(maskcut(*features_of(kinds)).masks[1]).tolist() == [[6, 6], [6, 7]]


def test_tau_is_strict():
    features = np.array([[1, 1, 1, 1.], [0, 0, 0, 0.75]])  # a cosine of 0.8
    assert not maskcut(features, (2, 2), tau=0.79).masks.any()
    assert np.argwhere(maskcut(features, (2, 2), tau=0.81, max_masks=1).masks[0]).tolist() == [
        [1, 1]]


@pytest.mark.parametrize('value', [0.0, 0.4, -3.0])
def test_one_colour_gives_no_masks(value):
    cut = maskcut(np.full((3, 12), value), (3, 4))
    assert cut.masks.shape == cut.vectors.shape == (3, 3, 4)
    assert not cut.masks.any() and not cut.vectors.any() and cut.values.tolist() == [1, 1, 1]
    assert cut.starts == [None] * 3
    assert not maskcut(np.ones((3, 1)), (1, 1)).masks.any()


def test_the_neighbouring_frame_saves_steps_and_changes_no_mask():
    rng = np.random.default_rng(0)
    kinds = grid((2, 3, 7, 6), (12, 10, 6, 7), side=20)
    still = 2 * features_of(kinds)[0] + rng.standard_normal((3, 400)) * 0.6
    moved = still + rng.standard_normal((3, 400)) * 0.1
    before = maskcut(still, (20, 20), 0.3)
    cold, warm = maskcut(moved, (20, 20), 0.3), maskcut(moved, (20, 20), 0.3, starts=before.starts)
    assert np.array_equal(cold.masks, warm.masks) and cold.masks[0].any()
    assert cold.values == pytest.approx(warm.values, abs=1e-6)


@pytest.mark.parametrize(('change', 'message'), [
    (dict(features=np.zeros((3, 5))), 'features (channels, 4) of numbers for a grid of 2x2 patche'),
    (dict(features=np.zeros((0, 4))), 'found (0, 4) of float64'),
    (dict(features=[['a', 'b', 'c', 'd']]), 'of <U1'),
    (dict(features=3), 'found () of int64'),
    (dict(features=[[1, 2, np.nan, np.inf]]), 'in 2 of 4 patches, the first in row 1, column 0'),
    (dict(grid_shape=4), 'grid_shape to be a list of 2'),
    (dict(grid_shape=(2, 0)), 'grid_shape[1] to be an integer'),
    (dict(tau=1), 'tau to be a number of at least 0 and below 1'),
    (dict(max_masks=0), 'max_masks to be an integer')])
def test_bad_input_is_told_in_one_line(change, message):
    with pytest.raises(S2DInputError) as info:
        maskcut(**{**dict(features=np.eye(4), grid_shape=(2, 2)), **change})
    assert message in str(info.value) and '\n' not in str(info.value)
