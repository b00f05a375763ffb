import numpy as np
import pytest
from scipy.linalg import eigh

from s2d_plugins.proposals.maskcut import second_eigenvector as module
from s2d_plugins.proposals.maskcut.patch_graph import WEAK, look_alike, patch_graph
from s2d_plugins.proposals.maskcut.second_eigenvector import second_eigenvector

ALL_STEPS = (0, 300)


def made_graph(seed=0, noise=1.0, side=20):
    """Three blobs that look like themselves, seen through noise; also whole affinity, degrees."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((side, side), int)
    labels[2:9, 3:10], labels[12:18, 1:6], labels[5:15, 13:18] = 1, 2, 3
    features = 3 * np.eye(8)[labels.ravel()] + noise * rng.standard_normal((side * side, 8))
    alike = look_alike(features.T, 0.3)
    whole = np.where(alike > 0, 1, WEAK)
    return patch_graph(alike, np.ones(side * side, bool)), whole, whole.sum(axis=1)


def assert_same(cut, vector, value, close=1e-4):
    vector = vector / np.linalg.norm(vector)
    assert min(np.linalg.norm(cut.vector - sign * vector) for sign in (-1, 1)) < close
    assert cut.value == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize('dense', ALL_STEPS)
@pytest.mark.parametrize('noise', [0.2, 1.0])
def test_it_solves_the_problem_of_the_normalised_cut(monkeypatch, dense, noise):
    monkeypatch.setattr(module, 'DENSE', dense)
    graph, whole, degrees = made_graph(noise=noise)
    values, vectors = eigh(np.diag(degrees) - whole, np.diag(degrees), subset_by_index=[1, 2])
    assert_same(second_eigenvector(graph), vectors[:, 0], values[0])


def test_two_cliques_by_hand():
    # three and one patches: orthogonal to the degrees, so the small clique is about three times
    # as far from 0; eigenvalue: cut * (1 / volume + 1 / volume)
    alike = np.kron(np.eye(2), np.ones((3, 3)))[:4, :4].astype(np.float32)
    cut = second_eigenvector(patch_graph(alike, np.ones(4, bool)))
    volumes = np.array([9 + 3 * WEAK, 1 + 3 * WEAK])
    assert cut.vector[0] == cut.vector[1] == cut.vector[2]
    assert cut.vector[3] / cut.vector[0] == pytest.approx(-volumes[0] / volumes[1])
    assert cut.value == pytest.approx(3 * WEAK * (1 / volumes).sum())


@pytest.mark.parametrize('alike', [np.ones((4, 4)), np.eye(4), np.zeros((4, 4))])
def test_where_all_patches_are_twins_nothing_is_cut(alike):
    assert second_eigenvector(patch_graph(alike.astype(np.float32), np.ones(4, bool))) is None


def test_a_start_changes_nothing_but_the_steps(monkeypatch):
    monkeypatch.setattr(module, 'DENSE', 0)
    steps = []
    multiply = module._Affinity.__matmul__
    monkeypatch.setattr(module._Affinity, '__matmul__',
                        lambda self, other: (steps.append(1), multiply(self, other))[1])
    graph, *_ = made_graph(seed=1)
    before = second_eigenvector(made_graph(seed=2)[0])
    steps.clear()
    cold = second_eigenvector(graph)
    cold_steps = len(steps)
    steps.clear()
    warm = second_eigenvector(graph, before.start)
    assert_same(warm, cold.vector, cold.value)
    assert len(steps) <= cold_steps
    steps.clear()
    second_eigenvector(graph, cold.start)
    assert len(steps) < cold_steps
    assert np.array_equal(second_eigenvector(graph, cold.start[:9]).vector, cold.vector)
    assert np.array_equal(second_eigenvector(graph).vector, cold.vector)


def test_a_start_that_is_another_eigenvector_does_not_mislead(monkeypatch):
    monkeypatch.setattr(module, 'DENSE', 0)
    graph, *_ = made_graph(seed=1)
    cold = second_eigenvector(graph)
    for start in (cold.start[:, 1:], np.zeros((400, 3)), np.ones((400, 3))):
        assert_same(second_eigenvector(graph, start), cold.vector, cold.value)


def test_the_dense_solver_takes_over_where_the_steps_do_not_converge(monkeypatch):
    graph, whole, degrees = made_graph()
    values, vectors = eigh(np.diag(degrees) - whole, np.diag(degrees), subset_by_index=[1, 2])
    monkeypatch.setattr(module, 'DENSE', 0)
    monkeypatch.setattr(module, 'TOLERANCE', 0.0)
    called = []
    dense = module.dense_eigenvectors
    monkeypatch.setattr(module, 'dense_eigenvectors',
                        lambda graph: (called.append(1), dense(graph))[1])
    assert_same(second_eigenvector(graph), vectors[:, 0], values[0], close=1e-8)
    assert called


def test_twins_that_only_the_eigenvector_tells_apart_are_solved_densely():
    # all look alike but 1 and 2: the vector of the largest eigenvalue after 1 tells these apart
    alike = np.ones((5, 5), np.float32)
    alike[1, 2] = alike[2, 1] = 0
    graph = patch_graph(alike, np.ones(5, bool))
    assert graph.classes.tolist() == [0, 1, 1, 0, 0]
    cut = second_eigenvector(graph)
    assert np.abs(cut.vector) == pytest.approx([0, 0.5**0.5, 0.5**0.5, 0, 0], abs=1e-9)
    assert cut.value == pytest.approx(1 - (1 - WEAK) / (4 + WEAK))
