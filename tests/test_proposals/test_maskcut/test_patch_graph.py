import numpy as np
import pytest

from s2d_plugins.proposals.maskcut.patch_graph import WEAK, look_alike, patch_graph


def test_patches_look_alike_strictly_above_tau():
    # cosines to the first: 1, 3/5, 0, -1, and none for a patch without features
    features = np.array([[2, 3, 0, -1, 0], [0, 4, 1, 0, 0]], float)
    assert look_alike(features, 0.59)[0].tolist() == [1, 1, 0, 0, 0]
    assert look_alike(features, 0.61)[0].tolist() == [1, 0, 0, 0, 0]
    assert look_alike(features, 0.0)[0].tolist() == [1, 1, 0, 0, 0]
    assert look_alike(features, 0.0)[4].tolist() == [0] * 5


def test_twins_are_one_class_in_the_order_of_their_first_patches():
    # 0 and 2 look alike; 1, 3 and 4 look like themselves only; 5 has no features
    alike = np.diag([1, 1, 1, 1, 1, 0]).astype(np.float32)
    alike[0, 2] = alike[2, 0] = 1
    graph = patch_graph(alike, np.ones(6, bool))
    assert graph.classes.tolist() == [0, 1, 0, 1, 1, 2]
    assert graph.sizes.tolist() == [2, 3, 1]
    assert graph.alike == pytest.approx(np.diag([1, 1 / 3, 0]))
    assert graph.degrees == pytest.approx([2 + 4 * WEAK, 1 + 5 * WEAK, 6 * WEAK])
    assert graph.apart == pytest.approx((1 - WEAK) / (1 + 5 * WEAK))


def test_found_patches_and_those_without_features_are_one_class():
    alike = np.ones((5, 5), np.float32)
    alike[4] = alike[:, 4] = 0
    graph = patch_graph(alike, np.array([True, False, True, False, True]))
    assert graph.classes.tolist() == [0, 1, 0, 1, 1]
    assert graph.alike.tolist() == [[1, 0], [0, 0]]
    assert graph.degrees == pytest.approx([2 + 3 * WEAK, 5 * WEAK]) and graph.apart == 0


def test_the_classes_have_the_eigenvalues_of_the_patches():
    rng = np.random.default_rng(3)
    alike = look_alike(rng.standard_normal((4, 30)).repeat(2, axis=1), 0.3)
    alike[7:10, :] = alike[:, 7:10] = 0
    alike[[7, 8, 9], [7, 8, 9]] = 1
    left = rng.random(60) > 0.2
    graph = patch_graph(alike, left)
    whole = np.where(alike * np.outer(left, left) > 0, 1, WEAK)
    degrees = whole.sum(axis=1)
    assert graph.degrees[graph.classes] == pytest.approx(degrees)
    among = (1 - WEAK) * graph.alike.astype(float) + WEAK
    scale = np.sqrt(graph.sizes / graph.degrees)
    ours = np.linalg.eigvalsh(scale[:, None] * among * scale)
    theirs = np.linalg.eigvalsh(whole / np.sqrt(np.outer(degrees, degrees)))
    assert len(ours) < 31
    for value in ours:
        assert np.abs(theirs - value).min() < 1e-6
