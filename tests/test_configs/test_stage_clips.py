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


def steps(pipeline: list[dict]) -> dict[str, dict]:
    """Return the settings of all transforms by type, in order."""
    found = {}
    for step in pipeline:
        found[step.type] = {key: value for key, value in step.items()
                            if key not in ('type', 'transforms')}
        found.update(steps(step.get('transforms', [])))
    return found


@pytest.mark.parametrize('path', [DISTILL, FINAL, VIDEOCUTLER])
def test_augmentation_is_that_of_the_table(path):
    dataset = read_config(path).train_dataloader.dataset
    found = steps(dataset.get('dataset', dataset).pipeline)
    assert found['TransformBroadcaster'] == dict(share_random_params=True)
    assert found['KeymaskClipSample'] == dict(
        num_frames=3, frame_range=20, **(dict(choice='any') if path == VIDEOCUTLER else {}))
    assert found['RandomCrop']['crop_size'] == (600, 720)
    assert found['RandomCrop']['crop_type'] == 'absolute_range'
    assert found['RandomChoiceResize'] == dict(
        scales=[(1333, 360), (1333, 480)], keep_ratio=True)
    assert found['RandomFlip'] == dict(prob=0.5)
    assert found['ClipColorJitter'] == dict(brightness=0.1, contrast=0.1, prob=1.0)
    assert found['ClipRotate'] == dict(max_angle=15.0, prob=1.0)
    order = list(found)
    assert order.index('RandomCrop') < order.index('RandomChoiceResize')
    pasting = steps(dataset.pipeline).get('ClipCopyPaste')
    assert pasting == (dict(prob=1.0, scale_range=(0.8, 1.0)) if path == VIDEOCUTLER else None)


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
        [make_annotation(1, 1, [encode_mask(mask)] * 3)]))
    config = read_config(path).train_dataloader.dataset.to_dict()
    config.get('dataset', config).update(
        data_root=str(tmp_path), ann_file='labels.json', data_prefix=dict(img_path=''))
    np.random.seed(0)
    dataset = DATASETS.build(config)
    shapes = [dataset[0]['inputs'].shape for _ in range(6)]
    assert {min(shape[2:]) for shape in shapes} == {360, 480}
    for frames, channels, height, width in shapes:
        assert (frames, channels) == (3, 3)
        assert max(height, width) <= 720 / 600 * min(height, width) + 1
