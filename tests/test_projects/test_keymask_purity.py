"""The purity report: its counting by hand, and keymasks purer than proposals on made worlds."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from s2d_plugins.labels.indexed_png import write_indexed_png
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


def test_frames_and_truth_of_davis_in_natural_order(tmp_path):
    for index in range(11):
        ids = np.zeros((4, 12), np.uint8)
        ids[:, index] = 255
        write_indexed_png(tmp_path / f'Annotations/480p/cat/{index}.png', ids)
        (tmp_path / 'JPEGImages/480p/cat').mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 12, 3), 20 * index, np.uint8)).save(
            tmp_path / f'JPEGImages/480p/cat/{index}.PNG')
    (tmp_path / 'Annotations/480p/.ipynb_checkpoints').mkdir()
    (tmp_path / 'Annotations/480p/cat/._0.png').write_bytes(b'x')
    (name, frames, truth), = keymask_purity.davis_videos(tmp_path, None)
    assert name == 'cat' and [frame[0, 0, 0] // 20 for frame in frames] == list(range(11))
    assert [int(masks[0][0].argmax()) for masks in truth] == list(range(11))
