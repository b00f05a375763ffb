"""tools/test.py with configs whose bases and types are imported, in a fresh interpreter."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from tiny_recipe import ROOT

from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

#: What a user's own package holds: a model, and what merges its predictions.
PARTS = '''
import torch
from mmengine.model import BaseModel, BaseTTAModel
from mmengine.structures import InstanceData


class Bright(BaseModel):
    """Finds the pixels that are bright; the score is the root of the weight."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        for index in range(len(data_samples[0])):
            data_samples[0][index].pred_track_instances = InstanceData(
                masks=inputs[0][index, :1] > 0.5, scores=self.weight.detach().sqrt()[None],
                labels=torch.zeros(1, dtype=torch.long),
                instances_id=torch.zeros(1, dtype=torch.long), bboxes=torch.zeros(1, 4))
        return data_samples


class Both(BaseTTAModel):
    """Keeps what is found in the frames and in their mirror images."""

    def merge_preds(self, data_samples_list):
        (plain, mirrored), = data_samples_list
        for index in range(len(plain)):
            assert mirrored[index].flip and not plain[index].flip
            tracks = plain[index].pred_track_instances
            tracks.masks &= mirrored[index].pred_track_instances.masks.flip(-1)
        return [plain]
'''
BASE = '''
from mmcv.transforms import LoadImageFromFile, TransformBroadcaster
from mmdet.datasets.transforms import PackTrackInputs
from mmdet.models import TrackDataPreprocessor
from mmengine.dataset import DefaultSampler
from mmengine.runner import TestLoop

from s2d_plugins.datasets import KeymaskDataset
from s2d_plugins.evaluation import ClassAgnosticVISMetric
from s2d_plugins.hooks import CheckpointFitHook

default_scope = 's2d_plugins'
test_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(type=KeymaskDataset, ann_file='labels.json', data_prefix=dict(img_path=''),
                 test_mode=True, pipeline=[
        dict(type=TransformBroadcaster, transforms=[dict(type=LoadImageFromFile)]),
        dict(type=PackTrackInputs)]))
test_evaluator = dict(type=ClassAgnosticVISMetric, ann_file='labels.json')
test_cfg = dict(type=TestLoop)
custom_hooks = [dict(type=CheckpointFitHook)]
'''
CONFIG = '''
from mmengine.config import read_base

with read_base():
    from .base import *

from mmcv.transforms import TestTimeAug
from mmdet.datasets.transforms import RandomFlip
from parts import Both, Bright

model = dict(type=Bright, data_preprocessor=dict(
    type=TrackDataPreprocessor, mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True))
tta_model = dict(type=Both)
tta_pipeline = [
    dict(type=TransformBroadcaster, transforms=[dict(type=LoadImageFromFile)]),
    dict(type=TestTimeAug, transforms=[
        [dict(type=TransformBroadcaster, transforms=[dict(type=RandomFlip, prob=0.0)]),
         dict(type=TransformBroadcaster, transforms=[dict(type=RandomFlip, prob=1.0)])],
        [dict(type=PackTrackInputs)]])]
'''


@pytest.fixture
def folder(tmp_path):
    """A video of three frames with a bright object on the left, its labels, and the config."""
    mask = np.zeros((48, 64), bool)
    mask[10:30, 5:25] = True
    names = [f'video/{index}.png' for index in range(3)]
    (tmp_path / 'video').mkdir()
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.uint8(mask[..., None] * 200).repeat(3, axis=2))
    (tmp_path / 'labels.json').write_text(json.dumps(make_labels(
        [make_video(1, 'video', (48, 64), names)],
        [make_annotation(1, 1, [encode_mask(mask)] * 3)])))
    for name, text in dict(parts=PARTS, base=BASE, config=CONFIG).items():
        (tmp_path / f'{name}.py').write_text(text)
    for name, weight in (('good', 0.81), ('bad', -1.0)):
        torch.save(dict(state_dict=dict(weight=torch.tensor(weight))), tmp_path / f'{name}.pth')
    return tmp_path


def run(folder, checkpoint, *options):
    """Run tools/test.py; returns what it measured and said."""
    result = subprocess.run(
        [sys.executable, ROOT / 'tools/test.py', 'config.py', checkpoint, '--work-dir', 'run',
         *options], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(ROOT), str(folder)])})
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    metrics = [json.loads(path.read_text()) for path in folder.glob('run/*/*.json')]
    return [found for found in metrics if 'vis/AP' in found], said


def test_tta_and_pictures(folder):
    (metrics,), _ = run(folder, 'good.pth', '--tta', '--show-dir', 'shown')
    assert metrics['vis/AP'] == pytest.approx(1.0)
    pictures = sorted(path.relative_to(folder) for path in folder.glob('shown/*/*'))
    assert [str(path) for path in pictures] == [f'shown/video/{index}.png' for index in range(3)]
    drawn = cv2.imread(str(folder / 'shown/video/0.png'))
    assert (drawn[40] == 0).all() and len({*drawn[12, 8].tolist()}) > 1  # grey became a colour


def test_lenient(folder):
    (metrics,), said = run(folder, 'bad.pth', '--lenient')
    assert '1 entries left out' in said and 'score nan' in said
    assert metrics['vis/AP'] == pytest.approx(0.0)


def test_format_only(folder):
    assert run(folder, 'good.pth', '--format-only', 'sub/mission')[0] == []
    result, = json.loads((folder / 'sub/mission.json').read_text())
    assert result['video_id'] == 1 and result['score'] == pytest.approx(0.9)
    assert len(result['segmentations']) == 3
    assert (folder / 'sub/mission.submission_file.zip').is_file()
