"""The configs of the stages, what their names say, and made clips to train on."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.structures import InstanceData

CONFIGS = Path(__file__).parents[2] / 'configs'
BACKBONES = ('r50', 'swin-t-p4-w7-224', 'swin-l-p4-w12-384')
_NAME = re.compile(
    r'(?:s2d_|videocutler_)?mask2former_(?P<backbone>[^_]+)_(?P<gpus>\d+)xb(?P<batch>\d+)'
    r'(?:-accum(?P<accum>\d+))?(?:-lsj)?-(?P<steps>\d+)k(?:_(?P<dataset>.+))?\.py')


@dataclass(frozen=True)
class Name:
    """A config of a stage, as its file name describes it; ``steps`` in thousands."""

    stage: str
    file: str
    backbone: str
    gpus: int
    batch: int
    accum: int
    steps: int
    dataset: str | None

    def __str__(self) -> str:
        return f'{self.stage}/{self.file}'

    @property
    def on_one_gpu(self) -> bool:
        return self.accum > 1


def parse_name(stage: str, file: str) -> Name | None:
    """Read a file name; None if it is not of this form."""
    match = _NAME.fullmatch(file)
    if match is None:
        return None
    return Name(stage, file, match['backbone'], int(match['gpus']), int(match['batch']),
                int(match['accum'] or 1), int(match['steps']), match['dataset'])


def list_configs() -> list[Name]:
    """Return all configs whose names say how they train."""
    stages = ('image', 'sparse_to_dense', 'final', 'videocutler')
    names = (parse_name(stage, path.name) for stage in stages
             for path in sorted((CONFIGS / stage).glob('*.py')))
    return [name for name in names if name is not None]


@functools.cache
def read_config(path: str) -> Config:
    """Read a config below ``configs``; to be left as it is."""
    return Config.fromfile(CONFIGS / path)


def flatten(value, path: tuple = ()) -> Iterator[tuple[tuple, object]]:
    """List the leaves of nested dicts and lists as (path, value)."""
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list | tuple) else None
    if items is None:
        yield path, value
        return
    for key, item in items:
        yield from flatten(item, (*path, key))


def changed_keys(config: dict, other: dict) -> set[str]:
    """Return the last names on the paths of the leaves in which two configs differ."""
    mine, others = dict(flatten(config)), dict(flatten(other))
    return {[key for key in path if isinstance(key, str)][-1] for path in mine.keys() | others
            if mine.get(path) != others.get(path)}


def make_frame(instances: dict[int, tuple], size: int) -> DetDataSample:
    """Make a frame's sample; ``instances`` maps ids to boxes (x1, y1, x2, y2)."""
    masks = np.zeros((len(instances), size, size), np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, instances.values(), strict=True):
        mask[y1:y2, x1:x2] = 1
    frame = DetDataSample(metainfo=dict(
        img_path='made', img_shape=(size, size), ori_shape=(size, size)))
    frame.gt_instances = InstanceData(
        masks=BitmapMasks(masks, size, size), bboxes=torch.zeros(len(masks), 4),
        labels=torch.zeros(len(masks), dtype=torch.long),
        instances_ids=torch.tensor(list(instances), dtype=torch.long))
    return frame


def make_batch(*clips: list[dict[int, tuple]], size: int = 64) -> dict:
    """Make clips of random pixels, per frame a dict of instances, as a data loader gives them."""
    generator = torch.Generator().manual_seed(0)
    samples, inputs = [], []
    for clip in clips:
        samples.append(TrackDataSample())
        samples[-1].video_data_samples = [make_frame(frame, size) for frame in clip]
        inputs.append(torch.randint(0, 256, (len(clip), 3, size, size), dtype=torch.uint8,
                                    generator=generator))
    return dict(inputs=inputs, data_samples=samples)


def shrink(config: Config) -> Config:
    """Copy a stage's config with a model that takes a step in a second."""
    config = Config(config.to_dict())
    model = config.model.get('detector', config.model)
    head = model.get('track_head') or model.panoptic_head
    if model.backbone.type == 'ResNet':
        model.backbone.update(depth=18, stem_channels=16, base_channels=16)
        head.in_channels = [16, 32, 64, 128]
    else:
        model.backbone.update(embed_dims=8, depths=[1, 1, 2, 1], num_heads=[1, 1, 2, 2])
        head.in_channels = [8, 16, 32, 64]
    head.num_queries = 4
    head.pixel_decoder.encoder.num_layers = 1
    head.transformer_decoder.num_layers = 1
    return config
