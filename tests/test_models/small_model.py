"""A segmenter of a few thousand parameters and clips to feed it."""

from pathlib import Path

import numpy as np
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from s2d_plugins.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
SIZE = 64


def small_config(stage: str = 'sparse_to_dense/s2d_small.py') -> Config:
    """Load a small stage config and make its segmenter tiny."""
    config = Config.fromfile(CONFIGS / stage)
    model = config.model
    detector = model.detector if 'detector' in model else model
    detector.track_head.num_queries = 5
    detector.track_head.pixel_decoder.encoder.num_layers = 1
    detector.track_head.transformer_decoder.num_layers = 1
    return config


def build_small(stage: str = 'sparse_to_dense/s2d_small.py', head: dict | None = None,
                **overrides):
    """Build the tiny model of a stage with seeded weights."""
    init_default_scope('s2d_plugins')
    torch.manual_seed(0)
    config = small_config(stage).model
    detector = config.detector if 'detector' in config else config
    detector.track_head.update(head or {})
    config.update(overrides)
    return MODELS.build(config)


def make_clip(boxes: list[dict[int, tuple]], label: int = 0) -> TrackDataSample:
    """Make a clip's sample; per frame a dict of instance id to box (x1, y1, x2, y2)."""
    frames = []
    for index, instances in enumerate(boxes):
        masks = np.zeros((len(instances), SIZE, SIZE), np.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, instances.values(), strict=True):
            mask[y1:y2, x1:x2] = 1
        frame = DetDataSample(metainfo=dict(
            img_path=f'{index}.jpg', img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE)))
        frame.gt_instances = InstanceData(
            masks=BitmapMasks(masks, SIZE, SIZE), bboxes=torch.zeros(len(masks), 4),
            labels=torch.full((len(masks),), label, dtype=torch.long),
            instances_ids=torch.tensor(list(instances), dtype=torch.long))
        frames.append(frame)
    sample = TrackDataSample()
    sample.video_data_samples = frames
    return sample


def make_batch(*clips: TrackDataSample) -> dict:
    """Join clips with random frames to a batch as a data loader gives it."""
    generator = torch.Generator().manual_seed(3)
    inputs = [torch.randint(0, 256, (len(clip), 3, SIZE, SIZE), generator=generator,
                            dtype=torch.uint8) for clip in clips]
    return dict(inputs=inputs, data_samples=list(clips))
