from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.proposals import EdgeRefiner, MaskCutProposer
from s2d_plugins.proposals.build import build_proposer
from s2d_plugins.proposals.features import BaseFeatureExtractor, MotionColorFeatures
from s2d_plugins.proposals.mask_candidates import overlap
from s2d_plugins.registry import FEATURE_EXTRACTORS, TASK_UTILS

ROOT = Path(__file__).parents[3]


@FEATURE_EXTRACTORS.register_module(name='ColourOfEightPixels')
class ColourOfEightPixels(BaseFeatureExtractor):
    """Colour of 8x8 pixels, less the grey of the background."""

    def extract(self, frames):
        for index in range(len(frames)):
            frame = np.asarray(frames[index], np.float32)
            small = cv2.resize(frame, (frame.shape[1] // 8, frame.shape[0] // 8),
                               interpolation=cv2.INTER_AREA)
            yield np.moveaxis(small - (100, 90, 80), -1, 0).astype(np.float32)


COLOURS, EDGES = dict(type='ColourOfEightPixels'), dict(type='EdgeRefiner', softness=4.0)
STILL = dict(type='ResidualMotion')


def made_clip(length=3, height=96, width=128):
    """A red box that moves by 4 pixels a frame over a bluish ground; frames, and where it is."""
    rng = np.random.default_rng(0)
    frames = np.empty((length, height, width, 3), np.uint8)
    truth = np.zeros((length, height, width), bool)
    for index in range(length):
        truth[index, 34:70, 30 + 4 * index:74 + 4 * index] = True
        frames[index] = np.where(truth[index][..., None], (220, 40, 30), (60, 80, 180))
    return (frames + rng.integers(0, 12, frames.shape)).astype(np.uint8), truth


def test_masks_follow_the_edges_of_the_image():
    frames, truth = made_clip()
    told = []
    proposals = MaskCutProposer(COLOURS, refiner=EDGES).propose(
        frames, lambda *state: told.append(state))
    assert told == [(1, 3), (2, 3), (3, 3)] and len(proposals) == 3
    coarse = MaskCutProposer(COLOURS).propose(frames)
    for masks, patches, box in zip(proposals, coarse, truth, strict=True):
        scores = [mask['score'] for mask in masks]
        assert scores == sorted(scores, reverse=True) and 0.9 < scores[0] <= 1
        outlined, blocks = decode_mask(masks[0]['segmentation']), decode_mask(
            patches[0]['segmentation'])
        assert overlap(outlined, box) > 0.97 > overlap(blocks, box)
        assert (blocks.reshape(12, 8, 16, 8).mean(axis=(1, 3)) % 1 == 0).all()
    assert MaskCutProposer(COLOURS, refiner=EDGES).propose(frames) == proposals


@TASK_UTILS.register_module(name='TooFar')
class TooFar:
    """Moves masks by so much that nothing is left of their place."""

    def __call__(self, frames, tubes):
        return [dict(segmentations=[encode_mask(~decode_mask(tube['segmentations'][0]))])
                for tube in tubes]


def test_masks_that_edges_contradict_and_small_ones_are_left_out():
    frames, _ = made_clip(1)
    assert MaskCutProposer(COLOURS).propose(frames) != [[]]
    assert MaskCutProposer(COLOURS, refiner=dict(type='TooFar')).propose(frames) == [[]]
    assert MaskCutProposer(COLOURS, min_area=1.0).propose(frames) == [[]]


def test_weight_free_features_find_what_moves():
    frames, truth = made_clip(8)
    config = load_config(ROOT / 'configs/proposals/maskcut_weight-free.py',
                         {'proposer.extractor.grid': [24, 32], 'proposer.extractor.regions': 300,
                          'proposer.extractor.motion_weight': 3.0})
    proposals = build_proposer(config).propose(frames)
    found = [max(overlap(decode_mask(mask['segmentation']), box) for mask in masks)
             for masks, box in zip(proposals, truth, strict=True)]
    assert np.median(found) > 0.8


def test_one_colour_gives_no_masks():
    frames = np.full((2, 40, 60, 3), 7, np.uint8)
    for extractor in (COLOURS, dict(type='MotionColorFeatures', regions=50, motion=STILL)):
        assert MaskCutProposer(extractor).propose(frames) == [[], []]


def test_features_of_a_frame_are_centred_and_a_frame_of_one_colour_has_none():
    frames, _ = made_clip(2)
    features = list(MotionColorFeatures(grid=(6, 8), regions=100, motion=STILL).extract(frames))
    assert [grid.shape for grid in features] == [(12, 6, 8)] * 2
    assert np.abs(features[0].mean(axis=(1, 2))).max() < 1e-4
    flat, = MotionColorFeatures(grid=(6, 8), regions=100, motion=STILL).extract(frames[:1] * 0)
    assert not flat.any()


@pytest.mark.parametrize(('frames', 'message'), [
    (np.zeros((0, 8, 8, 3), np.uint8), 'expected at least one frame, found none'),
    (np.zeros((1, 8, 8), np.uint8), 'frame 0: expected an RGB image'),
    ([np.zeros((16, 16, 3), np.uint8), np.zeros((16, 24, 3), np.uint8)], 'frame 1: expected 16x16'),
])
def test_frames_that_are_none(frames, message):
    with pytest.raises(S2DInputError, match=message):
        MaskCutProposer(COLOURS).propose(frames)


def test_a_frame_smaller_than_a_patch_is_named():
    with pytest.raises(S2DInputError, match='frame 0: expected a patch of 2x2 pixels or more'):
        MaskCutProposer(dict(type='MotionColorFeatures')).propose(
            np.zeros((1, 1, 9, 3), np.uint8))


def test_features_that_are_not_finite_name_the_frame(monkeypatch):
    def extract(self, frames):
        yield np.ones((2, 3, 3), np.float32)
        yield np.full((2, 3, 3), np.nan, np.float32)
    monkeypatch.setattr(ColourOfEightPixels, 'extract', extract)
    with pytest.raises(S2DInputError, match='frame 1: maskcut: expected finite features'):
        MaskCutProposer(COLOURS).propose(np.zeros((2, 24, 24, 3), np.uint8))


@pytest.mark.parametrize(('name', 'model', 'image_size'), [
    ('maskcut_dino-b8', 'vit_base_patch8_224.dino', 480),
    ('maskcut_dino-s8', 'vit_small_patch8_224.dino', 480),
    ('maskcut_dinov2-s14', 'vit_small_patch14_dinov2.lvd142m', 476),
    ('maskcut_dinov3-s16', 'vit_small_patch16_dinov3.lvd1689m', 768)])
def test_the_configs_of_transformers(name, model, image_size, tmp_path, monkeypatch):
    monkeypatch.setenv('S2D_WEIGHTS', str(tmp_path))
    config = load_config(ROOT / f'configs/proposals/{name}.py')
    weights = config.proposer.extractor.checkpoint
    if weights is not None:  # one line says how to get them
        weights = weights.removeprefix('s2d://')
        with pytest.raises(S2DInputError, match=f'{name}.py: .*download_weights.py {weights}`, '
                                                'which fetches https://'):
            build_proposer(config)
        torch.save({}, tmp_path / f'{weights}.pth')
    assert (weights is None) == ('dinov3' in name)  # whose page wants a form
    proposer = build_proposer(load_config(ROOT / f'configs/proposals/{name}.py'))
    assert (proposer.extractor.name, proposer.extractor.image_size) == (model, image_size)
    assert (proposer.tau, proposer.max_masks) == (0.15, 3)
    assert isinstance(proposer.refiner, EdgeRefiner)


def test_an_extractor_that_is_none_is_told_in_one_line(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("proposer = dict(type='MaskCutProposer', extractor=dict(type='Nobody'))\n")
    with pytest.raises(S2DInputError, match='mine.py: .*Nobody') as info:
        build_proposer(load_config(path))
    assert '\n' not in str(info.value)
