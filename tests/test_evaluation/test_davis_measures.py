"""J, F and their statistics: by hand and against a plain implementation."""

import numpy as np
import pytest
import reference_davis
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from s2d_plugins.evaluation.davis_measures import (
    boundary_accuracy,
    boundary_map,
    boundary_radius,
    cut_ids,
    cut_mask,
    frame_statistics,
    match_proposals,
    region_similarity,
)

masks = hnp.arrays(bool, (9, 12))


def strip(start, stop):
    mask = np.zeros((10, 20), bool)
    mask[:, start:stop] = True
    return mask


def test_region_similarity_by_hand():
    a, b = cut_mask(strip(0, 10)), cut_mask(strip(5, 20))
    assert region_similarity(a, b) == 5 / 20
    empty = cut_mask(np.zeros((10, 20), bool))
    assert region_similarity(a, empty) == 0
    assert region_similarity(empty, empty) == 1


def test_boundary_lies_up_and_left_of_the_edge():
    mask = np.zeros((4, 5), bool)
    mask[2, 2] = True
    assert np.argwhere(boundary_map(mask)).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert not boundary_map(np.ones((4, 5), bool)).any()  # the frame's edge is no boundary


def test_boundary_accuracy_by_hand():
    # tolerance: 0.008 * sqrt(10^2 + 20^2) = 0.18, rounded up to 1 pixel
    assert boundary_radius((10, 20)) == 1
    assert boundary_radius((480, 854)) == 8
    reference = cut_mask(strip(0, 10))
    assert boundary_accuracy(cut_mask(strip(0, 11)), reference) == 1
    assert boundary_accuracy(cut_mask(strip(0, 12)), reference) == 0
    # of a strip in the middle, one of its two edges agrees: precision 1/2, recall 1
    assert boundary_accuracy(cut_mask(strip(4, 10)), reference) == pytest.approx(2 / 3)
    empty, full = cut_mask(strip(0, 0)), cut_mask(strip(0, 20))
    assert boundary_accuracy(empty, reference) == boundary_accuracy(reference, empty) == 0
    assert boundary_accuracy(empty, full) == 1  # neither has a boundary


@settings(max_examples=40)
@given(masks, masks)
def test_measures_agree_with_a_plain_implementation(a, b):
    shape_a, shape_b = cut_mask(a), cut_mask(b)
    assert region_similarity(shape_a, shape_b) == pytest.approx(reference_davis.jaccard(a, b))
    assert boundary_accuracy(shape_a, shape_b) == pytest.approx(reference_davis.f_measure(a, b))
    assert shape_a.boundary.tolist() == [list(point) for point in reference_davis.boundary(a)]


@settings(max_examples=20)
@given(hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 4)))
def test_id_maps_are_cut_like_masks(ids):
    for index, shape in enumerate(cut_ids(ids, 5), 1):
        whole = cut_mask(ids == index)
        assert (shape.area, shape.boundary.tolist()) == (whole.area, whole.boundary.tolist())
    assert cut_ids(ids, 0) == []


def test_statistics_by_hand():
    # five frames: quarters end at frames 1, 2, 3, 4 and 5
    mean, recall, decay = frame_statistics(np.array([1.0, 0.8, 0.6, 0.5, 0.1]))
    assert mean == pytest.approx(0.6)
    assert recall == pytest.approx(3 / 5)  # 0.5 itself does not count
    assert decay == pytest.approx((1 + 0.8) / 2 - (0.5 + 0.1) / 2)
    assert frame_statistics(np.array([0.7])) == (0.7, 1.0, 0.0)


@settings(max_examples=30)
@given(hnp.arrays(float, st.integers(1, 30), elements=st.floats(0, 1)))
def test_statistics_agree_with_a_plain_implementation(values):
    assert frame_statistics(values) == pytest.approx(reference_davis.statistics(values))


def test_long_sequences_keep_their_decay():
    values = np.linspace(1, 0, 1001)
    assert frame_statistics(values)[2] == pytest.approx(0.75)


def test_matching_takes_the_best_sum():
    values = np.zeros((2, 3, 2, 4))
    values[:, 0] = [[[0.9] * 4, [0.8] * 4]] * 2
    values[:, 2] = [[[0.8] * 4, [0.1] * 4]] * 2
    # proposal 0 is best for both objects, but 0.8 + 0.8 beats 0.9 + 0.1
    assert match_proposals(values).mean(axis=(0, 2)) == pytest.approx([0.8, 0.8])
