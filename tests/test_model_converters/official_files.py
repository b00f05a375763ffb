"""Checkpoints as the published implementations write them, with narrow layers, and our models."""

import functools
from collections import OrderedDict
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from published_mask2former import PublishedMask2Former, ResNet, seeded
from torch import Tensor, nn

from s2d_plugins.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs/_base_/models'
NARROW = dict(width=32, encoder_hidden=48, decoder_hidden=40, queries=7)


def build_published(seed: int = 0, temporal: bool = True, backbone: nn.Module | None = None,
                    features: tuple[int, ...] = (32, 64, 128, 256), **head) -> PublishedMask2Former:
    """A narrow model, by default with the 557 tensors of the published one."""
    model = PublishedMask2Former(temporal, backbone or ResNet(width=8), features,
                                 **{**NARROW, **head})
    return seeded(model, seed)


@functools.cache
def _narrow_tensors(seed: int) -> OrderedDict:
    return build_published(seed).state_dict()


def mask2former_state(seed: int = 0) -> OrderedDict:
    """VideoCutLER's form; CutLER's image model has the same."""
    return _narrow_tensors(seed).copy()


def s2d_state() -> OrderedDict:
    """S2D's form: each model is a sequence of backbone and head."""
    state = OrderedDict()
    for seed, name in enumerate(('student', 'teacher')):
        for key, tensor in _narrow_tensors(seed).items():
            state[f'{name}.{key}'.replace('.backbone.', '.0.').replace('.sem_seg_head.', '.1.')
                  ] = tensor
    state['criterion.empty_weight'] = torch.tensor([1.0, 0.1])
    return state


def as_detectron2(state: dict) -> dict:
    """What its checkpointer writes in training."""
    return dict(model=state, optimizer=dict(state={0: dict(step=3)}, param_groups=[dict(lr=0.1)]),
                scheduler=dict(last_epoch=3), iteration=3)


def narrow_segmenter() -> dict:
    """Config of our segmenter with the same widths."""
    width, heads = NARROW['width'], 8
    attention = dict(embed_dims=width, num_heads=heads)
    detector = Config.fromfile(CONFIGS / 'mask2former_video_r50.py').detector
    detector.backbone.update(stem_channels=8, base_channels=8)
    head = detector.track_head
    head.update(in_channels=[32, 64, 128, 256], feat_channels=width, out_channels=width,
                num_queries=NARROW['queries'])
    head.positional_encoding.num_feats = head.pixel_decoder.positional_encoding.num_feats = 16
    layer = head.pixel_decoder.encoder.layer_cfg
    layer.self_attn_cfg.update(attention)
    layer.ffn_cfg.update(embed_dims=width, feedforward_channels=NARROW['encoder_hidden'])
    layer = head.transformer_decoder.layer_cfg
    layer.self_attn_cfg.update(attention)
    layer.cross_attn_cfg.update(attention)
    layer.ffn_cfg.update(embed_dims=width, feedforward_channels=NARROW['decoder_hidden'])
    return detector


def image_model(detector: dict) -> dict:
    """Config of mmdet's image model with the parts of a video segmenter."""
    head = {key: value for key, value in detector['track_head'].items()
            if key not in ('num_classes', 'num_frames', 'strides', 'train_cfg')}
    head.update(type='mmdet.Mask2FormerHead', num_things_classes=1, num_stuff_classes=0,
                strides=[4, 8, 16, 32])
    head['positional_encoding'] = {key: value for key, value in head['positional_encoding'].items()
                                   if key != 'type'}
    fusion = dict(type='mmdet.MaskFormerFusionHead', num_things_classes=1, num_stuff_classes=0)
    return ConfigDict(type='mmdet.Mask2Former', backbone=detector['backbone'], panoptic_head=head,
                      panoptic_fusion_head=fusion)


def build(config: dict) -> nn.Module:
    init_default_scope('s2d_plugins')
    return MODELS.build(config).eval()


def same_bytes(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether names, their order, types, shapes and every bit are the same."""
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype and one[name].shape == other[name].shape
        and one[name].numpy().tobytes() == other[name].numpy().tobytes() for name in one)
