"""The benchmark of MaskCut, on a grid that the dense solver solves at once."""

import sys

import numpy as np
import pytest
from benchmark_maskcut import dense_cut, least_iou, made_features, main, our_cut

from s2d_plugins.proposals.maskcut import MaskCut


def test_both_solvers_find_the_same_masks():
    features = made_features(24, 1, channels=32)[0]
    ours, dense = our_cut(features), dense_cut(features)
    assert ours.masks[0].any()
    assert np.array_equal(ours.masks, dense.masks)
    assert ours.values == pytest.approx(dense.values, abs=1e-6)


def test_least_iou():
    masks = np.zeros((2, 2, 2), bool)
    masks[0] = True
    fewer = masks.copy()
    fewer[0, 0, 0] = False
    cuts = [MaskCut(grid, grid, np.ones(2), []) for grid in (masks, fewer)]
    assert least_iou(cuts[0], cuts[0]) == 1
    assert least_iou(*cuts) == 0.75


def test_table(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['benchmark_maskcut.py', '--side', '16', '--frames', '3'])
    main()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith('| made |') and last.endswith('| 1.000 |')
