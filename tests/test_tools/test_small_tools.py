"""Counting, browsing, and the launch scripts."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.analysis import get_model_complexity_info

from s2d_plugins.fileio.configs import load_config
from s2d_plugins.labels import encode_mask, make_annotation, make_labels, make_video
from s2d_plugins.models.loading import build_model

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tools/analysis_tools'))
import browse_dataset  # noqa: E402
import get_flops  # noqa: E402

SMALL = str(ROOT / 'configs/final/final_small.py')
DISTILL = str(ROOT / 'configs/sparse_to_dense/s2d_small.py')


@pytest.mark.filterwarnings('ignore')
def test_flops_grow_with_the_frames(capsys):
    """The default mode of forward is 'tensor', as mmengine's counting expects."""
    model = build_model(load_config(SMALL)).eval()
    one, two = (get_model_complexity_info(model, (frames, 3, 64, 96), show_table=False,
                                          show_arch=False)['flops'] for frames in (1, 2))
    assert 1.8 < two / one < 2.0  # the queries are shared by the frames
    assert get_flops.main([DISTILL, '--shape', '1', '60', '90']) == 0
    out = capsys.readouterr().out
    assert '1 frames of 64 x 96' in out and f'{one / 1e9:.2f} G a frame' in out
    assert get_flops.main([DISTILL, '--shape', '0', '60', '90']) == 2


@pytest.fixture
def data(tmp_path):
    """A video of six frames whose first three have a keymask."""
    mask = np.zeros((40, 60), bool)
    mask[10:30, 10:50] = True
    names = [f'cat/{frame}.jpg' for frame in range(6)]
    (tmp_path / 'cat').mkdir()
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.full((40, 60, 3), 60, np.uint8))
    (tmp_path / 'labels.json').write_text(json.dumps(make_labels(
        [make_video(1, 'cat', (40, 60), names)],
        [make_annotation(1, 1, [encode_mask(mask)] * 3 + [None] * 3)])))
    return tmp_path


def test_browsing_shows_clips_and_where_keymasks_are(data, capsys):
    dataset = 'train_dataloader.dataset'
    assert browse_dataset.main([
        DISTILL, '--out', str(data / 'clips'), '--clips', '2', '--cfg-options',
        f'{dataset}.data_root={data}', f'{dataset}.ann_file=labels.json',
        f'{dataset}.data_prefix.img_path=']) == 0
    assert '2 clips of 1 videos' in capsys.readouterr().out
    for path in (data / 'clips/clip_0000.png', data / 'clips/clip_0001.png'):
        picture = cv2.imread(str(path))
        assert picture.shape[0] == browse_dataset.HEIGHT + 2 * browse_dataset.EDGE
        assert picture[0, 0].tolist() == [0, 200, 0]  # the first frame of a run has a keymask
    assert browse_dataset.main([DISTILL, '--out', str(data / 'x'), '--clips', '0']) == 2
    assert not (data / 'x').exists()


@pytest.mark.parametrize(('script', 'args', 'expected'), [
    ('dist_train.sh', ['c.py', '2', '--amp'],
     ['--nproc_per_node', '2', 'train.py', 'c.py', '--launcher', 'pytorch', '--amp']),
    ('dist_test.sh', ['c.py', 'w.pth', '4'],
     ['--nproc_per_node', '4', 'test.py', 'c.py', 'w.pth', '--launcher', 'pytorch']),
    ('slurm_train.sh', ['part', 'job', 'c.py'],
     ['-p', 'part', '--job-name', 'job', 'train.py', 'c.py', '--launcher', 'slurm']),
    ('slurm_test.sh', ['part', 'job', 'c.py', 'w.pth'],
     ['--gres', 'gpu:8', 'test.py', 'c.py', 'w.pth', '--launcher', 'slurm'])])
def test_launch_scripts_pass_their_arguments_on(tmp_path, script, args, expected):
    """With a stand-in for python and srun that prints what it is given."""
    for name in ('python', 'srun'):
        (tmp_path / name).write_text('#!/bin/sh\nfor part in "$@"; do basename -- "$part"; done\n')
        (tmp_path / name).chmod(0o755)
    command = ['bash', str(ROOT / 'tools' / script)]
    environment = dict(PATH=f'{tmp_path}:/usr/bin:/bin')
    found = subprocess.run([*command, *args], env=environment, capture_output=True, text=True)
    words = found.stdout.split()
    positions = [words.index(word) for word in expected]
    assert positions == sorted(positions), words
    short = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert short.returncode == 2 and f'tools/{script}' in short.stderr
