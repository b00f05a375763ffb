"""Generated scenes and the training of the motion network on them."""

import cv2
import make_scenes
import numpy as np
import pytest
import torch
import train_motion_network
from scene_motion import GAPS, HEIGHT, SIZE, WIDTH, camera, still_flow
from scene_samples import FULL, GRID, IGNORED, frames_of, labels_of, sample
from scenes import Layer, Store, scene

from s2d_plugins.fileio.checkpoints import load_checkpoint
from s2d_plugins.proposals.motion_network import MotionNetwork


@pytest.fixture(scope='module')
def store():
    return Store.draw(5, backs=2, things=3)


def constant(right, down=0.0):
    return {gap: np.zeros((*SIZE, 2), np.float32) + np.float32((right * gap, down * gap))
            for gap in GAPS}


def made_layers(speed):
    """Still ground and a square of 40 pixels, drawn by hand, that moves to the right."""
    ground = np.full((*SIZE, 3), 90, np.uint8)
    opacity = np.zeros(SIZE, np.uint8)
    opacity[100:140, 200:240] = 255
    return [Layer(ground, None, constant(0)),
            Layer(np.full_like(ground, 200), opacity, constant(speed), 1)]


def test_still_flow_by_hand():
    """Half a focal length to the side of the middle, twice as near as 1."""
    none = np.zeros(3)
    x, y, near = np.float32(0.5), np.float32(0.0), np.float32(2.0)
    move = (none, np.array([0.01, 0, 0]))
    assert still_flow(move, near, x, y) == pytest.approx([0.02 * WIDTH, 0])
    forward = (none, np.array([0, 0, 0.01]))
    assert still_flow(forward, near, x, y) == pytest.approx([-0.01 * WIDTH, 0])
    rolled = (np.array([0, 0, 0.1]), none)
    assert still_flow(rolled, near, x, y) == pytest.approx([0, 0.05 * WIDTH])


def test_cameras_differ_and_grow_with_the_gap():
    moves = [camera(np.random.default_rng(seed)) for seed in range(20)]
    assert all(set(one) == set(GAPS) for one in moves)
    far = np.mean([np.abs(np.r_[one[6]]).sum() for one in moves])
    near = np.mean([np.abs(np.r_[one[1]]).sum() for one in moves])
    assert far > 2 * near


@pytest.mark.parametrize(('speed', 'label'), [(2, FULL), (0.3, IGNORED), (0.05, 0)])
def test_labels_say_what_moves_against_what_it_hides(speed, label):
    """Over three frames 6, 0.9 and 0.15 pixels."""
    labels = labels_of(made_layers(speed))
    assert labels.shape == GRID
    assert (labels[26:34, 51:59] == label).all()
    assert labels[:20].max() == 0


def test_frames_move_as_the_layers_say():
    frames = frames_of(np.random.default_rng(1), made_layers(2))
    assert set(frames) == {0, *GAPS}
    for gap, frame in frames.items():
        columns = np.nonzero((frame.mean(axis=2) > 145)[120])[0]
        assert columns.min() == pytest.approx(200 + 2 * gap, abs=1)
        assert columns.max() == pytest.approx(239 + 2 * gap, abs=1)


def test_scenes_have_still_and_moving_layers(store):
    layers = [layer for seed in range(12) for layer in scene(np.random.default_rng(seed), store)]
    assert {layer.number for layer in layers} >= {0, 1}
    for layer in layers:
        assert set(layer.flows) == set(GAPS)
        assert all(flow.shape == (HEIGHT, WIDTH, 2) and flow.dtype == np.float32
                   and np.isfinite(flow).all() for flow in layer.flows.values())
        for part in (layer.colours, layer.opacity):
            assert part is None or part.dtype == np.uint8 and part.shape[:2] == SIZE


def test_the_seed_is_the_scene(store):
    flow_of = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    (cues, labels), (again, _), (other, _) = (sample(seed, store, flow_of) for seed in (3, 3, 4))
    assert cues.shape == (6, 8, *GRID) and cues.dtype == np.float16
    assert labels.shape == GRID and labels.dtype == np.uint8
    np.testing.assert_array_equal(cues, again)
    assert (cues != other).any()


def test_sets_are_made_once_and_learnt_from(tmp_path, capsys):
    sets, work = tmp_path / 'sets', tmp_path / 'work'
    made = ['--out', str(sets), '--sets', '7-8', '--count', '2', '--jobs', '1']
    assert make_scenes.main(made) == 0
    stamp = (sets / '7.npz').stat().st_mtime_ns
    assert make_scenes.main(made) == 0
    assert (sets / '7.npz').stat().st_mtime_ns == stamp
    learnt = [str(sets), '--work-dir', str(work), '--held-out', '8', '--batch', '2', '--steps']
    assert train_motion_network.main([*learnt, '1']) == 0
    first = load_checkpoint(work / 'last.pth')
    assert train_motion_network.main([*learnt, '1']) == 0  # nothing left to do
    assert first['step'] == 1
    MotionNetwork().load_state_dict(first['state_dict'])
    assert train_motion_network.main([*learnt, '1', '--held-out', '9']) == 2
    assert 'expected at least two sets' in capsys.readouterr().err
    torch.save(dict(state_dict={}), work / 'last.pth')
    assert train_motion_network.main([*learnt, '1']) == 2
    assert 'expected a checkpoint of this training' in capsys.readouterr().err


@pytest.mark.parametrize(('wrong', 'message'), [
    (['--sets', '9-7'], "expected --sets like 1000-1011, found '9-7'"),
    (['--sets', 'a'], "found 'a'"),
    (['--sets', '1', '--count', '0'], 'expected --count from 1 to 10000, found 0')])
def test_wrong_sets(tmp_path, capsys, wrong, message):
    assert make_scenes.main(['--out', str(tmp_path), *wrong]) == 2
    assert message in capsys.readouterr().err


def test_a_mirrored_batch_mirrors_its_motion():
    cues, labels = np.zeros((1, 6, 8, 4, 4), np.float16), np.zeros((1, 4, 4), np.uint8)
    cues[:, :, 0, :, 0], labels[0, :, 0] = 1, FULL
    rng = np.random.default_rng(0)
    for _ in range(20):
        batch, shares = train_motion_network.draw_batch(rng, [(cues, labels)], 1)
        moved = batch[0, :, :2].norm(dim=1)
        assert ((moved > 0.5) == (shares[0] > 0)[None]).all()


def test_ignored_cells_do_not_count():
    logits = torch.zeros(1, 2, 2)
    labels = torch.tensor([[[FULL, 0.], [IGNORED, IGNORED]]])
    changed = logits.clone()
    changed[0, 1] = 9.0
    torch.testing.assert_close(train_motion_network.loss_of(changed, labels),
                               train_motion_network.loss_of(logits, labels))
    # log 2 for each cell, and half of 1 - (2 * 0.5 + 20) / (1 + 1 + 20)
    assert train_motion_network.loss_of(logits, labels).item() == pytest.approx(
        np.log(2) + 0.5 * (1 - 21 / 22), abs=1e-6)
