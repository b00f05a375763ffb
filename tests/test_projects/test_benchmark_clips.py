"""Motion by augmentation and fine detail after resizing, on frames whose answer is known."""

import sys

import cv2
import numpy as np
import pytest
from benchmark_clips import CONFIG, high_energy, main
from clip_motion import augmentation_of, measure_motion

from s2d_plugins.fileio.configs import load_config


@pytest.mark.parametrize(('shared', 'least', 'most'), [(None, 0.4, 0.55), (True, 0.0, 0.0)])
def test_a_still_object_moves_if_frames_are_augmented_anew(shared, least, most):
    """In frames of 720p crops of 600 to 720 pixels lie up to 680 pixels apart."""
    augmentation = augmentation_of(load_config(CONFIG).train_pipeline, shared)
    moved, seen = measure_motion(augmentation, (720, 1280), clips=30)
    assert least <= moved <= most
    assert seen == 1


def test_high_energy_is_that_of_fine_stripes():
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = 200
    coarse = np.repeat(stripes[:, :4], 8, axis=1)
    assert high_energy(np.full((32, 32, 3), 90, np.uint8)) == pytest.approx(0)
    assert high_energy(stripes) > 5 * high_energy(coarse) > 0


def test_tables(tmp_path, monkeypatch, capsys):
    folder = tmp_path / 'video'
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    for frame in range(2):
        cv2.imwrite(str(folder / f'{frame}.png'), noise)
    monkeypatch.setattr(sys, 'argv', ['benchmark_clips.py', '--videos', str(tmp_path), '--clips',
                                      '1', '--short-side', '20'])
    main()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith('| video, 96 x 64 |')
    assert float(last.split('|')[-2]) > 2  # of noise, cv2 keeps what antialiasing takes away
