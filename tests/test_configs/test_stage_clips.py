"""Clips and their augmentation of the trainings, against the table of the recipe."""

import cv2
import numpy as np
import pytest
from config_files import read_config

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video
from s2d_plugins.registry import DATASETS

DISTILL = 'sparse_to_dense/s2d_mask2former_r50_4xb1-32k.py'
FINAL = 'final/s2d_mask2former_r50_4xb1-32k.py'
VIDEOCUTLER = 'videocutler/videocutler_mask2former_r50_8xb2-80k.py'


def test_dense_labels_are_those_the_teacher_is_sure_of():
    assert read_config(FINAL).train_dataloader.dataset.min_score == 0.75
    assert 'min_score' not in read_config(DISTILL).train_dataloader.dataset


@pytest.mark.parametrize('path', [DISTILL, VIDEOCUTLER])
def test_clips_of_large_frames_have_the_sizes_of_the_table(tmp_path, path):
    """Crops of 600 to 720 pixels a side, scaled to a short side of 360 or 480."""
    size = (900, 1400)
    mask = np.zeros(size, bool)
    mask[100:800, 100:1300] = True
    for frame in range(3):
        cv2.imwrite(str(tmp_path / f'{frame}.jpg'), np.full((*size, 3), 90, np.uint8))
    write_json(tmp_path / 'labels.json', make_labels(
        [make_video(1, 'v', size, [f'{frame}.jpg' for frame in range(3)])],
        [make_annotation(1, 1, [encode_mask(mask)] * 3, score=0.9)]))
    config = read_config(path).train_dataloader.dataset.to_dict()
    config.get('dataset', config).update(
        data_root=str(tmp_path), ann_file='labels.json', data_prefix=dict(img_path=''))
    np.random.seed(0)
    dataset = DATASETS.build(config)
    for _ in range(6):
        item = dataset[0]
        frames, channels, height, width = item['inputs'].shape
        assert (frames, channels) == (3, 3)
        sizes = [tuple(frame.img_shape) for frame in item['data_samples']]
        assert (height, width) == tuple(np.max(sizes, axis=0))
        # one short side for the clip, and an aspect ratio of each frame's own crop
        assert len({min(size) for size in sizes}) == 1 and min(sizes[0]) in (360, 480)
        assert all(max(size) <= 720 / 600 * min(size) + 1 for size in sizes)
        assert len(set(sizes)) > 1
