"""Frames that cannot be read or do not fit their labels: one line that names them."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import DATASETS

CONFIGS = Path(__file__).parents[2] / 'configs'
TRAIN = [dict(type='KeymaskClipSample', num_frames=3),
         dict(type='TransformBroadcaster', transforms=[
             dict(type='LoadImageFromFile'), dict(type='LoadKeymasks')]),
         dict(type='PackTrackInputs')]
TEST = [dict(type='TransformBroadcaster', transforms=[dict(type='LoadImageFromFile')]),
        dict(type='PackTrackInputs')]


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b'')


def text(path):
    path.write_text('no image')


def cut_off(path):
    path.write_bytes(path.read_bytes()[:40])


def folder(path):
    path.unlink()
    path.mkdir()


def larger(path):
    cv2.imwrite(str(path), np.zeros((30, 40, 3), np.uint8))


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize(('damage', 'reason'), [
    (remove, 'no such file'), (empty, '0 bytes'), (text, 'not JPEG or PNG'),
    (cut_off, 'cannot read frame'), (folder, 'it is a folder'),
    (larger, r'is 30 x 40 \(height x width\), the labels say 24 x 40')])
def test_a_bad_frame_is_named(make_set, damage, reason, test_mode):
    data = make_set(dict(good=(3, {0: {0, 1, 2}}), bad=(3, {0: {0, 1, 2}})))
    damage(data.root / 'frames/bad/00001.png')
    dataset = DATASETS.build(dict(data.config, test_mode=test_mode,
                                  pipeline=TEST if test_mode else TRAIN))
    assert len(dataset[0]['data_samples']) == 3
    with pytest.raises(S2DInputError, match=reason) as error:
        dataset[1]
    assert 'frames/bad/00001.png' in str(error.value) and '\n' not in str(error.value)


def test_all_frames_of_another_size(make_set):
    """They stack well; without the check the metric would speak of masks of another size."""
    data = make_set(dict(a=(3, {0: {0, 1, 2}})),
                    edit=lambda labels: labels['videos'][0].update(height=48, width=80))
    dataset = DATASETS.build(dict(data.config, test_mode=True, pipeline=TEST))
    with pytest.raises(S2DInputError, match="labels.json, video 'a', frame 0: .*00000.png is 24 x"
                       r' 40 \(height x width\), the labels say 48 x 80; use the frames'):
        dataset[0]


def test_a_single_frame_of_a_test(make_set):
    data = make_set(dict(a=(3, {})))
    larger(data.root / 'frames/a/00002.png')
    dataset = DATASETS.build(dict(data.config, test_mode=True, pipeline=TEST))
    assert dataset[0, 1]['data_samples'][0].frame_id == 1
    with pytest.raises(S2DInputError, match='frame 2: .*00002.png is 30 x 40'):
        dataset[0, 2]


def test_other_errors_of_a_pipeline_stay(make_set):
    dataset = DATASETS.build(dict(make_set(dict(a=(3, {0: {0, 1, 2}}))).config, pipeline=[]))
    dataset.pipeline = lambda info: 1 / 0
    with pytest.raises(ZeroDivisionError):
        dataset[0]


@pytest.mark.parametrize(('damage', 'reason'), [
    (lambda root: (root / 'mose/annotations/keymasks.json').unlink(),
     'cannot read .*mose/annotations/keymasks.json: no such file'),
    (lambda root: shutil.rmtree(root / 'mose/train'),
     'keymasks.json: frame .*mose/train/JPEGImages/a/00000.png of video a does not exist'),
    (lambda root: shutil.rmtree(root / 'mose'), 'cannot read .*mose/annotations/keymasks.json')])
def test_a_missing_part_of_a_mixture_is_named(make_set, tmp_path, damage, reason):
    mixture = Config.fromfile(CONFIGS / '_base_' / 'datasets' / 'zero_shot_mixture.py')
    config = mixture.train_dataloader.dataset
    made = make_set(dict(a=(3, {0: {0, 1, 2}})))
    for part in config.datasets:
        part.data_root = str(tmp_path / part.data_root.split('/')[1])
        shutil.copytree(made.root / 'frames', f'{part.data_root}/{part.data_prefix.img_path}')
        (tmp_path / part.data_root / 'annotations').mkdir()
        shutil.copy(made.root / 'labels.json', f'{part.data_root}/{part.ann_file}')
    assert len(DATASETS.build(config)) == 3
    damage(tmp_path)
    with pytest.raises(S2DInputError, match=reason) as error:
        DATASETS.build(config)
    assert '\n' not in str(error.value)
