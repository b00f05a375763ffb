"""The purity report: its counting by hand, and keymasks purer than proposals on made worlds."""

import sys
from pathlib import Path

import numpy as np

from s2d_plugins.structures import KeymaskInstance

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'projects/s2d/benchmarks'))
import keymask_purity  # noqa: E402


def test_counts_by_hand():
    true, half = np.zeros((2, 8, 8), bool)
    true[2:6, 2:6], half[2:6, 2:4] = True, True
    truth, proposals = [[true], [true]], [[half, true], [half]]
    instances = [KeymaskInstance({0: 1, 1: 0})]
    assert keymask_purity.measure(proposals, truth, instances) == {
        'masks': 3, 'pure': 1, 'keymasks': 2, 'pure_keymasks': 1, 'pairs': 2, 'covered': 1,
        'covered_after': 1, 'instances': 1}


def test_spoiled_masks_are_three_to_six_per_frame():
    true = np.zeros((60, 80), bool)
    true[20:45, 20:60] = True
    proposals = keymask_purity.spoil([[true]] * 10, np.random.default_rng(0))
    assert all(3 <= len(masks) <= 6 for masks in proposals)
    assert all(mask.any() for masks in proposals for mask in masks)


def test_keymasks_of_made_worlds_are_purer(capsys):
    assert keymask_purity.main(['--worlds', '4', '--set', 'min_support=0.5']) == 0
    last = capsys.readouterr().out.splitlines()[-1].replace('|', ' ').split()
    before, after = float(last[2]), float(last[6])
    assert after > before + 5
