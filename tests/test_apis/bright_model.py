"""A segmenter with known answers, as a model config and checkpoint."""

from pathlib import Path

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import nn

from s2d_plugins.registry import MODELS


@MODELS.register_module(force=True)
class TwoQuerySegmenter(BaseModel):
    """Query 0 (score 0.9): pixels with red above 140; query 1 (score 0.1): all pixels."""

    def __init__(self, data_preprocessor=None):
        super().__init__(data_preprocessor)
        self.weight = nn.Parameter(torch.ones(1))
        self.seen = []

    def forward(self, inputs, data_samples=None, mode='tensor'):
        raise NotImplementedError

    def segment_window(self, inputs):
        self.seen.append(tuple(inputs.shape))
        red = inputs[:, 0] * 255 - 140
        return torch.tensor([0.9, 0.1]), torch.stack([red, torch.ones_like(red)]), None


CONFIG = '''
default_scope = 's2d_plugins'
model = dict(type='TwoQuerySegmenter', data_preprocessor=dict(
    type='TrackDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True,
    pad_size_divisor=32))
test_pipeline = [dict(type='TransformBroadcaster', transforms=[
    dict(type='LoadImageFromFile'), dict(type='Resize', scale=(64, 64), keep_ratio=True)])]
'''


def write_model(folder: Path, prefix: str = '', extra: str = '') -> tuple[Path, Path]:
    """Write config and checkpoint; ``prefix`` is put before the names of the weights."""
    config, checkpoint = folder / 'model.py', folder / 'model.pth'
    config.write_text(CONFIG + extra)
    torch.save(dict(state_dict={f'{prefix}weight': torch.full((1,), 2.0)}), checkpoint)
    return config, checkpoint


def red_squares(length: int = 6, size: tuple[int, int] = (40, 56)) -> np.ndarray:
    """Return frames (T, H, W, 3) with a red square that moves right by 4 pixels a frame."""
    frames = np.zeros((length, *size, 3), np.uint8)
    frames[..., 2] = 200  # blue ground: wrong channel order would find it
    for index in range(length):
        frames[index, 8:24, 4 * index:4 * index + 16] = (255, 0, 0)
    return frames
