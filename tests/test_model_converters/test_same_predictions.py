"""A converted checkpoint makes our models predict what the published ones do.

Compared in double precision: a mask logit that rounding moves across 0 would change what masked
attention sees.
"""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from official_files import (
    CONFIGS,
    build,
    build_published,
    image_model,
    narrow_segmenter,
    same_bytes,
)
from published_mask2former import PublishedMask2Former, seeded
from published_swin import Swin
from torch.nn import functional

from s2d_plugins.apis.segmenter import VideoSegmenter
from s2d_plugins.model_converters import to_official, to_ours

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
TOLERANCE = 1e-8


@pytest.fixture(scope='module')
def full_size():
    """The published model and ours of the full-size config, with the same weights."""
    published = seeded(PublishedMask2Former())
    ours = build(Config.fromfile(CONFIGS / 'mask2former_video_r50.py').detector)
    converted = to_ours(dict(model=published.state_dict())).checkpoint
    ours.load_state_dict(converted['state_dict'], strict=True)
    return published, ours


def published_input(frames: list[np.ndarray]) -> torch.Tensor:
    """Normalise RGB frames (H, W, 3) and pad them with zeros at the bottom and the right."""
    images = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).float()
    images = (images - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    height, width = images.shape[-2:]
    return functional.pad(images, (0, -width % 32, 0, -height % 32))


def made_frames(count: int, height: int, width: int) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return list(generator.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


@torch.no_grad()
def assert_same(published, head, backbone, images):
    """Compare logits and masks of every layer; returns the published masks."""
    images = images.double()
    logits, masks = published.double()(images)
    our_logits, our_masks = head.double()(backbone.double()(images), None)
    assert len(logits) == len(our_logits) == 10
    for layer in range(10):
        ours = our_masks[layer][0]
        ours = ours[:, None] if ours.dim() == 3 else ours  # an image has no frames
        assert our_logits[layer][0].shape == logits[layer].shape
        assert ours.shape == masks[layer].shape
        torch.testing.assert_close(our_logits[layer][0], logits[layer], atol=TOLERANCE, rtol=0)
        torch.testing.assert_close(ours, masks[layer], atol=TOLERANCE, rtol=0)
    return masks


@pytest.mark.parametrize('count, height, width', [(3, 64, 96), (2, 50, 90)])
def test_video_model(full_size, count, height, width):
    published, ours = full_size
    frames = made_frames(count, height, width)
    inputs = published_input(frames)
    assert inputs.shape == (count, 3, 64, 96)
    # our tools read RGB, the config's preprocessor takes BGR
    prepared = VideoSegmenter(ours, scale=(width, height))._inputs(frames)
    torch.testing.assert_close(prepared, inputs, atol=1e-6, rtol=0)
    masks = assert_same(published, ours.track_head, ours.backbone, inputs)
    # the rule for empty masks takes part: some query sees nothing on the coarsest level
    smaller = functional.interpolate(masks[0], (2, 3), mode='bilinear', align_corners=False)
    empty = (smaller < 0).flatten(1).all(dim=1)
    assert empty.any() and not empty.all()


def test_other_weights_predict_otherwise():
    ours = build(narrow_segmenter())
    converted = to_ours(build_published(seed=0).state_dict()).checkpoint
    ours.load_state_dict(converted['state_dict'], strict=True)
    with pytest.raises(AssertionError):
        assert_same(build_published(seed=1), ours.track_head, ours.backbone,
                    torch.zeros(1, 3, 64, 64))


def test_preprocessing_of_a_training_batch_is_the_published_one(full_size):
    _, ours = full_size
    frames = made_frames(2, 50, 90)
    # mmdet's image loading gives BGR
    clip = torch.from_numpy(np.stack(frames)[..., ::-1].copy()).permute(0, 3, 1, 2)
    prepared = ours.data_preprocessor(dict(inputs=[clip], data_samples=None), False)['inputs'][0]
    torch.testing.assert_close(prepared, published_input(frames), atol=1e-6, rtol=0)


def test_image_model():
    published = build_published(temporal=False)
    ours = build(image_model(narrow_segmenter()))
    converted = to_ours(dict(model=published.state_dict()), image=True).checkpoint
    ours.load_state_dict(converted['state_dict'], strict=True)
    images = published_input(made_frames(1, 64, 96))
    assert_same(published, ours.panoptic_head, ours.backbone, images)


def test_image_weights_in_the_video_model():
    state = build_published(temporal=False).state_dict()
    ours = build(narrow_segmenter())
    ours.load_state_dict(to_ours(dict(model=state)).checkpoint['state_dict'], strict=True)
    video = build_published(temporal=True)
    video.load_state_dict(state, strict=True)
    assert_same(video, ours.track_head, ours.backbone, published_input(made_frames(2, 64, 64)))


def test_other_sizes():
    published = build_published(classes=3, queries=5)
    detector = narrow_segmenter()
    detector.track_head.update(num_classes=3, num_queries=5)
    detector.track_head.loss_cls.class_weight = [1.0] * 3 + [0.1]
    ours = build(detector)
    ours.load_state_dict(to_ours(published.state_dict()).checkpoint['state_dict'], strict=True)
    assert_same(published, ours.track_head, ours.backbone, published_input(made_frames(2, 32, 64)))


@pytest.mark.parametrize('blocks, name', [((2, 2, 6, 2), 'Swin (tiny)'),
                                          ((2, 2, 18, 2), 'Swin (small, base or large)')])
def test_swin(blocks, name):
    features, heads = (8, 16, 32, 64), (1, 2, 4, 8)
    published = build_published(backbone=Swin(8, heads, 4, blocks), features=features)
    state = published.state_dict()
    detector = narrow_segmenter()
    detector.backbone = dict(type='SwinTransformer', embed_dims=8, depths=blocks, num_heads=heads,
                             window_size=4, drop_path_rate=0.0)
    detector.track_head.in_channels = list(features)
    ours = build(detector)
    converted = to_ours(state)
    assert converted.model.backbone == name
    name = 'stages.0.blocks.1.attn.w_msa.relative_position_index'
    assert torch.equal(converted.checkpoint['state_dict'][f'backbone.{name}'],
                       ours.backbone.state_dict()[name])
    ours.load_state_dict(converted.checkpoint['state_dict'], strict=True)
    # 15 x 23 tokens fill no windows and merge to 8 x 12
    assert_same(published, ours.track_head, ours.backbone, torch.randn(
        2, 3, 60, 92, generator=torch.Generator().manual_seed(0)))
    assert same_bytes(to_official(converted.checkpoint).checkpoint['model'], state)
