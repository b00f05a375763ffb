"""Things cut out of generated scenes and the training of the outline network on them."""

import make_outlines
import numpy as np
import pytest
import torch
import train_outline_network
from outline_samples import samples, store_with_legs, with_legs
from scenes import Store
from train_outline_network import coarse_mask, loss_of

from s2d_plugins.fileio.checkpoints import load_checkpoint
from s2d_plugins.proposals.learnt_motion import LearntMotion
from s2d_plugins.proposals.motion_network import MotionNetwork
from s2d_plugins.proposals.outline_cues import CELLS, GAPS, NUM_CUES


@pytest.fixture(scope='module')
def found():
    store, motion = Store.draw(5, backs=2, things=3), LearntMotion()
    return [sample for seed in range(6) for sample in samples(seed, store, motion)]


def body():
    """A body of 60 cells and a leg, six cells wide."""
    label = np.zeros((CELLS, CELLS), np.float32)
    label[34:74, 34:94] = label[74:110, 50:56] = 1
    return label


def test_samples_show_a_thing_and_its_motion(found):
    assert len(found) >= 4
    for sample in found:
        assert sample['image'].shape == (CELLS, CELLS, 3) and sample['image'].dtype == np.uint8
        assert sample['flows'].shape == (len(GAPS), CELLS, CELLS, 2)
        assert sample['errors'].shape == (len(GAPS), CELLS, CELLS)
        assert sample['label'].max() == 255 and sample['label'].dtype == np.uint8
        share = (sample['label'] > 127).mean()
        assert 0.005 < share < 0.9
        assert np.isfinite(sample['flows'].astype(np.float32)).all()


def test_legs_stick_out():
    colours = np.zeros((160, 200, 3), np.uint8) + 90
    opacity = np.zeros((160, 200), np.uint8)
    opacity[60:100, 60:140] = 255
    grown = [with_legs(np.random.default_rng(seed), (colours, opacity)) for seed in range(8)]
    assert all((after >= opacity).all() and after.sum() > opacity.sum() for _, after in grown)
    nothing = np.zeros_like(opacity)
    assert with_legs(np.random.default_rng(0), (colours, nothing))[1] is nothing
    store = store_with_legs(5)
    assert len(store.things) == len(Store.draw(5).things)


def test_coarse_masks_differ_and_keep_something():
    label, seen = body(), body() * 0.8
    masks = [coarse_mask(np.random.default_rng(seed), label, seen) for seed in range(60)]
    assert all(set(np.unique(mask)) <= {0, 1} for mask in masks)
    assert all((mask * label).sum() >= 0.1 * label.sum() for mask in masks)
    legs = [mask[80:110, 50:56].mean() for mask in masks]
    assert min(legs) == 0 and max(legs) == 1
    assert any((mask * (1 - label)).sum() > 100 for mask in masks)  # something beside it


def test_a_crop_as_the_network_sees_it(found):
    some = {key: np.stack([sample[key] for sample in found]) for key in found[0]}
    cues, label = train_outline_network.draw(np.random.default_rng(0), some, 0, (1, 2))
    again, _ = train_outline_network.draw(np.random.default_rng(0), some, 0, (1, 2))
    assert cues.shape == (2, NUM_CUES, CELLS, CELLS) and 0 <= label.min() < label.max() <= 1
    np.testing.assert_array_equal(cues, again)


def test_loss_by_hand():
    """A logit of 0 everywhere: log 2, and dice 1 - (2 * 8 + 50) / (16 + 16 + 50)."""
    logits, labels = torch.zeros(1, 4, 8), torch.zeros(1, 4, 8)
    labels[:, :2] = 1
    assert loss_of(logits, labels).item() == pytest.approx(np.log(2) + 1 - 66 / 82, abs=1e-6)


def test_sets_are_made_once_and_learnt_from(tmp_path, capsys):
    sets, work = tmp_path / 'sets', tmp_path / 'work'
    made = ['--out', str(sets), '--sets', '7-8', '--count', '3', '--jobs', '1']
    assert make_outlines.main(made) == 0
    stamp = (sets / '7.npz').stat().st_mtime_ns
    assert make_outlines.main(made) == 0
    assert (sets / '7.npz').stat().st_mtime_ns == stamp
    learnt = [str(sets), '--work-dir', str(work), '--held-out', '8', '--batch', '2', '--steps']
    assert train_outline_network.main([*learnt, '1']) == 0
    first = load_checkpoint(work / 'last.pth')
    assert train_outline_network.main([*learnt, '1']) == 0  # nothing left to do
    assert first['step'] == 1
    MotionNetwork(cues=NUM_CUES).load_state_dict(first['state_dict'])
    assert train_outline_network.main([*learnt, '1', '--held-out', '9']) == 2
    assert 'expected at least two sets' in capsys.readouterr().err
    assert train_outline_network.main([*learnt, '0']) == 2
    assert 'expected --steps and --batch of at least 1' in capsys.readouterr().err


def test_wrong_sets(tmp_path, capsys):
    assert make_outlines.main(['--out', str(tmp_path), '--sets', '1', '--count', '0']) == 2
    assert 'expected --count from 1 to 10000, found 0' in capsys.readouterr().err
