"""Generated pictures, the set that is made of them, and weights as they are shipped."""

from pathlib import Path

import cv2
import export_weights
import make_pictures
import numpy as np
import pytest
import torch
from pictures import picture
from surfaces import colour_near, noise, texture
from things import thing

from s2d_plugins.apis.runner_tools import build_runner
from s2d_plugins.apis.running import train
from s2d_plugins.datasets import KeymaskDataset
from s2d_plugins.fileio.checkpoints import load_checkpoint
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.labels.youtube_vis import read_labels
from s2d_plugins.models.weight_names import adapt_weights
from s2d_plugins.registry import MODELS

SIZE = (96, 160)
STARTER = Path(make_pictures.__file__).parent


@pytest.mark.parametrize('seed', range(12))
def test_things_are_apart_and_large_enough(seed):
    image, masks = picture(seed, SIZE)
    assert image.shape == (*SIZE, 3) and image.dtype == np.uint8
    assert masks.shape[1:] == SIZE and masks.dtype == bool
    assert (masks.sum(axis=0) <= 1).all()
    assert all(mask.sum() >= 60 for mask in masks)
    assert image.std() > 1


def test_the_seed_is_the_picture():
    first, again, other = picture(3, SIZE), picture(3, SIZE), picture(4, SIZE)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()


def test_noise_is_scaled_and_smoother_with_its_exponent():
    rng = np.random.default_rng(0)
    rough, smooth = noise(rng, SIZE, 0.2), noise(rng, SIZE, 2.0)
    for values in (rough, smooth):
        assert values.shape == SIZE
        assert values.mean() == pytest.approx(0, abs=1e-3)
        assert values.std() == pytest.approx(1, abs=0.01)
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.5 * np.abs(np.diff(rough, axis=1)).mean()


def test_colours_and_textures_stay_near_their_base():
    rng = np.random.default_rng(0)
    base = np.array([100.0, 120, 140], np.float32)
    drawn = np.array([colour_near(rng, base, 5) for _ in range(200)])
    assert np.abs(drawn.mean(axis=0) - base).max() < 3 and drawn.min() >= 0
    surfaces = np.array([texture(rng, SIZE, base).mean(axis=(0, 1)) for _ in range(30)])
    assert np.abs(surfaces.mean(axis=0) - base).max() < 15


def test_a_thing_lies_where_it_was_put():
    colours, opacity = thing(np.random.default_rng(1), SIZE, 20, (80, 48))
    assert colours.shape == (*SIZE, 3) and colours.min() >= 0 and colours.max() <= 255
    assert opacity[48, 80] == 1 and opacity[0, 0] == opacity[-1, -1] == 0


def test_the_set_can_be_trained_on_and_goes_on(tmp_path, capsys):
    arguments = ['--out', str(tmp_path), '--count', '4', '--first', '7', '--jobs', '1']
    assert make_pictures.main(arguments) == 0
    labels = read_labels(tmp_path / 'labels.json')
    assert [video['name'] for video in labels['videos']] == ['000007', '000008', '000009', '000010']
    image, masks = picture(8, make_pictures.SIZE)
    of_second = [one for one in labels['annotations'] if one['video_id'] == 2]
    assert len(of_second) == len(masks)
    for annotation, mask in zip(of_second, masks, strict=True):
        np.testing.assert_array_equal(decode_mask(annotation['segmentations'][0]), mask)
    path = tmp_path / 'frames/000008/00000.jpg'
    saved = cv2.imread(str(path))[..., ::-1]
    assert np.abs(saved.astype(float) - image).mean() < 6  # JPEG
    before = path.stat().st_mtime_ns
    (tmp_path / 'labels.json').unlink()
    assert make_pictures.main(arguments) == 0
    assert path.stat().st_mtime_ns == before
    assert read_labels(tmp_path / 'labels.json') == labels
    dataset = KeymaskDataset(ann_file='labels.json', data_root=str(tmp_path), min_frames=1,
                             data_prefix=dict(img_path='frames/'))
    assert 1 <= len(dataset) <= 4


@pytest.mark.parametrize('wrong', [['--count', '0'], ['--first', '-1']])
def test_no_pictures_asked_for(tmp_path, capsys, wrong):
    assert make_pictures.main(['--out', str(tmp_path), *wrong]) == 2
    assert capsys.readouterr().err.startswith('error: expected --count of at least 1')


def test_shipped_weights_are_halved_and_nothing_else(tmp_path, capsys):
    weights = {'a.weight': torch.tensor([0.5, 1e-3]), 'a.number': torch.tensor(3)}
    torch.save(dict(state_dict=weights, optimizer=dict(state={}), meta={}), tmp_path / 'in.pth')
    assert export_weights.main([str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth')]) == 0
    content = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert list(content) == ['state_dict']
    assert content['state_dict']['a.weight'].dtype == torch.float16
    assert content['state_dict']['a.weight'].tolist() == pytest.approx([0.5, 1e-3], rel=1e-3)
    assert content['state_dict']['a.number'].dtype == torch.int64
    assert export_weights.main([str(tmp_path / 'in.pth'), str(tmp_path / 'in.pth')]) == 2
    assert export_weights.main([str(tmp_path / 'no.pth'), str(tmp_path / 'out.pth')]) == 2


def test_the_training_learns_from_them(tmp_path):
    """One step on two pictures; the weights fit the distiller's models of three frames."""
    assert make_pictures.main(['--out', str(tmp_path), '--count', '2', '--first', '7', '--jobs',
                               '1']) == 0
    cfg = load_config(STARTER / 'mask2former_small_1xb6-6k_generated.py', {
        'train_dataloader.dataset.data_root': str(tmp_path), 'train_dataloader.batch_size': 2,
        'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False,
        'train_cfg.max_iters': 1, 'work_dir': str(tmp_path / 'run')})
    runner = build_runner(cfg)
    train(runner)
    weights = load_checkpoint(tmp_path / 'run/iter_1.pth')['state_dict']
    small = load_config(STARTER.parents[2] / 'configs/sparse_to_dense/s2d_small.py')
    distiller = MODELS.build(small.model)
    adapted = adapt_weights(weights, distiller.state_dict())
    assert {name: value.shape for name, value in adapted.items()} == {
        name: value.shape for name, value in distiller.state_dict().items()}
