"""A whole recipe in a second: bright squares as videos, and a model with one weight."""

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.model import BaseModel
from mmengine.visualization import Visualizer
from torch import nn

from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.registry import MASK_PROPOSERS, MODELS

ROOT = Path(__file__).parents[2]
SIZE = (48, 64)


@MASK_PROPOSERS.register_module()
class BrightProposer:
    """Bright blobs; counts its calls."""

    calls = 0

    def propose(self, frames, progress=None):
        BrightProposer.calls += 1
        result = []
        for index in range(len(frames)):
            bright = (frames[index][..., 0] > 140).astype(np.uint8)
            count, labels = cv2.connectedComponents(bright)
            result.append([dict(segmentation=encode_mask(labels == number), score=0.9)
                           for number in range(1, count) if (labels == number).sum() > 30])
            if progress is not None:
                progress(index + 1, len(frames))
        return result


@MODELS.register_module()
class BrightSegmenter(BaseModel):
    """Two queries: bright pixels with score 0.9, all pixels with score 0.1."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        assert mode == 'loss' and inputs.ndim == 5
        return dict(loss=(self.weight - 3).square().sum())

    def segment_window(self, inputs):
        bright = inputs[:, 0] * 255 - 140
        masks = torch.stack([bright, torch.ones_like(bright)]) * self.weight.abs()
        return torch.tensor([0.9, 0.1]), masks, None


def make_video(path: Path, length: int = 14, still: bool = False,
               cut: int | None = None) -> Path:
    """Write a video of a bright textured square that moves over a dark textured ground.

    At frame ``cut`` the ground becomes another one, as in a new shot.
    """
    random = np.random.default_rng(0)
    height, width = SIZE
    ground = cv2.GaussianBlur(random.integers(0, 200, (height, width, 3), np.uint8), (5, 5), 1) // 2
    square = cv2.GaussianBlur(random.integers(180, 255, (18, 18, 3), np.uint8), (3, 3), 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 10, (width, height))
    for index in range(length):
        frame = ground.copy()
        if cut is not None and index >= cut:
            frame = 60 + ground[::-1, ::-1] // 2
        if not still:
            left = 3 + 2 * (index % (cut or length))
            frame[14:32, left:left + 18] = square
        writer.write(frame)
    writer.release()
    return path


TRAINING = '''
default_scope = 's2d_plugins'
model = dict(type='BrightSegmenter', data_preprocessor=dict(
    type='TrackDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True))
test_pipeline = [dict(type='TransformBroadcaster', transforms=[
    dict(type='Resize', scale=(64, 64), keep_ratio=True)])]
train_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='InfiniteSampler'),
    dataset=dict(type='KeymaskDataset', ann_file='none.json', data_prefix=dict(img_path=''),
                 pipeline=[
        dict(type='KeymaskClipSample', num_frames=3),
        dict(type='TransformBroadcaster', transforms=[
            dict(type='LoadImageFromFile'), dict(type='LoadKeymasks')]),
        dict(type='PackTrackInputs')]))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=4)
default_hooks = dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=100))
log_processor = dict(by_epoch=False)
'''
PIPELINE = '''
default_scope = 's2d_plugins'
proposer = dict(type='BrightProposer')
discovery = dict(motion_prior=dict(type='OpenCVFlowPrior'))
distill = dict(config='training/distill.py')
dense = dict(score_thr=0.5)
final = dict(config='training/final.py')
inference = dict(score_thr=0.5, window=8, overlap=2)
'''


def write_recipe(folder: Path, extra: str = '') -> Path:
    """Write a pipeline config and its training configs; ``extra`` is appended to the former."""
    (folder / 'training').mkdir(parents=True, exist_ok=True)
    for name in ('distill', 'final'):
        (folder / 'training' / f'{name}.py').write_text(TRAINING)
    (folder / 'pipeline.py').write_text(PIPELINE + extra)
    return folder / 'pipeline.py'


def run(monkeypatch, tool: str, *args) -> int:
    """Run a tool in this process as the command line does; returns its exit code."""
    for kind in (MMLogger, MessageHub, Visualizer):  # a run within the same second has their names
        kind._instance_dict.clear()
    spec = importlib.util.spec_from_file_location(f'tool_{tool}', ROOT / 'tools' / f'{tool}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, 'argv', [f'{tool}.py', *map(str, args)])
    return module.run_tool(module.main)
