import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s2d_plugins.proposals.region_graph import flow_overlaps, spread_votes, transition_matrix


def test_flow_carries_pixels_to_the_next_frame():
    labels = np.array([[0, 0, 1, 1]])
    following = np.array([[0, 1, 1, 2]])
    flow = np.zeros((1, 4, 2), np.float32)
    flow[..., 0] = 1
    # columns 0, 1, 2 go to 1, 2, 3; column 3 leaves the frame
    assert flow_overlaps(labels, following, flow).tolist() == [[0, 1, 2], [1, 2, 1]]


@given(st.integers(0, 1000), st.integers(3, 30))
def test_rows_are_probabilities_and_votes_stay_in_range(seed, count):
    rng = np.random.default_rng(seed)
    overlaps = np.stack([rng.integers(0, count, 20), rng.integers(0, count, 20),
                         rng.integers(1, 9, 20)], axis=1)
    walk = transition_matrix(rng.normal(size=(count, 5)), overlaps)
    sums = np.asarray(walk.sum(axis=1)).ravel()
    assert (sums < 1 + 1e-6).all()
    assert (sums > 0.4).all()
    spread = spread_votes(walk, rng.random(count))
    assert (spread >= 0).all()
    assert (spread <= 1 + 1e-6).all()


def test_look_alikes_inherit_votes():
    features = np.repeat([[0., 0, 0], [100., 0, 0]], 4, axis=0)
    features += np.linspace(0, 1, 8)[:, None]
    votes = np.array([1., 0, 0, 0, 0, 0, 0, 0])
    spread = spread_votes(transition_matrix(features, np.zeros((0, 3), int), neighbours=2), votes)
    assert spread[1:4].min() > 5 * max(spread[4:].max(), 1e-9)


def test_a_single_region_has_no_edges():
    walk = transition_matrix(np.zeros((1, 5)), np.zeros((0, 3), int))
    assert spread_votes(walk, np.array([0.5])).shape == (1,)
