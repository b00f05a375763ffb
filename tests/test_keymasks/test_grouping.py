"""The decisions of discovery, each on a few rows worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN

from s2d_plugins.keymasks.grouping import (
    cluster,
    joins_several,
    match_labels,
    one_per_frame,
    runs,
    share,
    visibility_groups,
)
from s2d_plugins.keymasks.points import grid_points


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 40), columns=st.integers(1, 60),
       eps=st.sampled_from([0.05, 0.1, 0.2]), min_samples=st.sampled_from([3, 5]))
def test_cluster_is_dbscan_under_the_hamming_distance(seed, rows, columns, eps, min_samples):
    rng = np.random.default_rng(seed)
    values = rng.random((4, columns))[rng.integers(0, 4, rows)] + rng.normal(0, 0.2, (
        rows, columns)) > 0.5
    expected = DBSCAN(eps=eps, min_samples=min_samples, metric='hamming').fit(values).labels_
    np.testing.assert_array_equal(cluster(values, eps, min_samples), expected)


def test_a_distance_of_exactly_eps_is_near():
    """Two rows in 10 columns that differ in 2: distance 0.2."""
    rows = np.zeros((5, 10), bool)
    rows[4, :2] = True
    assert cluster(rows, 0.2, 5).tolist() == [0] * 5
    rows[4, :3] = True
    assert cluster(rows, 0.2, 5).tolist() == [-1] * 5
    assert cluster(rows, 0.2, 4).tolist() == [0] * 4 + [-1]


def test_runs_of_flags():
    assert runs(np.array([1, 1, 0, 1, 0], bool)) == [(0, 1), (3, 3)]
    assert runs(np.zeros(3, bool)) == []


def test_share_of_nothing_is_zero():
    assert share(np.array([3, 0]), np.array([10, 0])).tolist() == [0.3, 0.0]
    assert not share(np.array([3]), np.array([10]))[0] > 0.3


def test_candidates_lie_in_a_range_and_are_seen_in_it():
    visible = np.zeros((7, 10), bool)
    visible[:, 2:8] = True
    visible[6, 2:7] = False  # seen in 1 of the 6 frames of the range
    visible[5, 8] = True
    frames = np.array([2, 3, 4, 5, 9, 6, 7])
    group, = visibility_groups(visible, frames, np.ones(7, bool), 0.5, 5, 0.3)
    assert group.ranges == [(2, 7)] and group.merged == (2, 7)
    # mask 4 is of frame 9, outside; mask 6 is hardly seen
    assert group.candidates.tolist() == [0, 1, 2, 3, 5]


def test_masks_without_points_take_no_part():
    visible = np.ones((6, 4), bool)
    usable = np.array([True] * 4 + [False] * 2)
    assert visibility_groups(visible, np.zeros(6, int), usable, 0.2, 5, 0.3) == []


def test_joining_several_needs_enough_frames():
    frames = np.repeat(np.arange(5), 2)
    overlaps = np.full((2, 10), 0.3)
    overlaps[1, 0] = 0.25  # not above 0.25: only four frames have two
    assert joins_several(overlaps, frames, 0.25, 5).tolist() == [True, False]
    assert joins_several(np.zeros((2, 0)), frames[:0], 0.25, 5).tolist() == [False, False]


@pytest.mark.parametrize(('columns', 'members', 'found'), [(9, 3, 0), (10, 3, -1), (10, 5, 0)])
def test_few_columns_need_fewer_neighbours(columns, members, found):
    matches = np.zeros((members, columns + 4), bool)
    matches[:, 2:2 + columns] = True  # cropped to the columns with matches
    labels = match_labels(matches, 0.1, 0.05, 50, 5, 3, 10)
    assert labels.tolist() == [found] * members


@pytest.mark.parametrize(('columns', 'found'), [(50, 0), (60, -1)])
def test_many_columns_need_nearer_neighbours(columns, found):
    """One row of five differs in four columns: 8 % of 50, 6.7 % of 60."""
    matches = np.ones((5, columns), bool)
    matches[4, 10:14] = False
    assert match_labels(matches, 0.1, 0.05, 50, 5, 3, 10)[4] == found


def test_rows_without_a_match_are_noise():
    assert match_labels(np.zeros((5, 8), bool), 0.1, 0.05, 50, 5, 3, 10).tolist() == [-1] * 5


def test_one_per_frame_is_the_most_voted_then_the_first():
    kept = one_per_frame(np.array([0, 0, 1, 1, 2]), np.array([3, 5, 4, 4, 1]))
    assert kept.tolist() == [1, 2, 4]


def test_grid_is_cotrackers():
    """8 pixels from the edge at 384 x 512, scaled as CoTracker scales points to the frame."""
    grid = grid_points((384, 512), 3)
    assert grid[[0, 4, 8]].tolist() == [[8, 8], [256, 192], [504, 376]]
    small = grid_points((33, 129), 3)
    np.testing.assert_allclose(small[[0, -1]], [[8 * 128 / 511, 8 * 32 / 383],
                                                [504 * 128 / 511, 376 * 32 / 383]], rtol=1e-6)
    assert (grid_points((2, 640), 3)[:, 1] < 1).all()


SETTINGS = dict(eps=0.1, eps_wide=0.05, wide_columns=50, min_samples=5, min_samples_narrow=3,
                narrow_columns=10)


def test_rows_of_nothing_make_sparse_rows_dense():
    """Twenty columns, so rows that differ in up to two are neighbours; five make a core.

    Two masks that match the first and the last column alone are too few by themselves. Among
    seven masks that are no candidates, rows of zeros, they have company: every row of zeros is
    one column away from them.
    """
    matches = np.zeros((2, 20), bool)
    matches[0, 0] = matches[1, 19] = True
    assert match_labels(matches, **SETTINGS).tolist() == [-1, -1]
    assert match_labels(matches, **SETTINGS, numbers=np.array([3, 11])).tolist() == [0, 0]
    # one mask between them is one row of zeros: three rows are no core
    assert match_labels(matches, **SETTINGS, numbers=np.array([3, 5])).tolist() == [-1, -1]


@given(st.integers(0, 2**32 - 1))
def test_rows_of_nothing_are_counted_not_built(seed):
    """The same labels as DBSCAN on the whole matrix with all its rows of zeros."""
    rng = np.random.default_rng(seed)
    numbers = np.flatnonzero(rng.random(30) < 0.5)
    matches = rng.random((len(numbers), 12)) < rng.choice([0.1, 0.3])
    found = match_labels(matches, **SETTINGS, numbers=numbers)
    whole = np.zeros((30, 12), bool)
    whole[numbers] = matches
    rows, columns = whole.any(axis=1).nonzero()[0], whole.any(axis=0).nonzero()[0]
    expected = np.full(30, -1)
    if len(rows):
        cropped = whole[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
        narrow = cropped.shape[1] < 10
        labels = DBSCAN(eps=0.1, min_samples=3 if narrow else 5, metric='hamming').fit(
            cropped).labels_
        expected[rows[0]:rows[-1] + 1] = np.where(cropped.any(axis=1), labels, -1)
    np.testing.assert_array_equal(found, expected[numbers])
