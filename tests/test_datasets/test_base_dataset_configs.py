"""The base configs: from files on disk to the batch a model gets."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner

from s2d_plugins.models.clip_targets import collect_clip_targets
from s2d_plugins.registry import DATASETS, MODELS

CONFIGS = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets'
NAMES = ('video_clips', 'copy_paste_clips', 'small_clips')


def read(name, data):
    """A base config that points to the made data set."""
    config = Config.fromfile(CONFIGS / f'{name}.py')
    outer = config.train_dataloader.dataset
    for dataset in (outer.get('dataset', outer), config.val_dataloader.dataset):
        dataset.update({key: value for key, value in data.config.items() if key != 'type'})
    return config


@pytest.fixture
def data(make_set):
    """A wide video, and one whose single keymask leaves most frames of a clip empty."""
    return make_set(dict(a=(6, {0: {0, 1, 2, 3}, 1: {2}}), b=(8, {0: {4}})), score=0.9)


@pytest.fixture
def preprocessor():
    return MODELS.build(dict(
        type='TrackDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True, pad_mask=True, pad_size_divisor=32))


@pytest.mark.parametrize('name', NAMES)
def test_training_batch(name, data, preprocessor):
    dataset = DATASETS.build(read(name, data).train_dataloader.dataset)
    batch = preprocessor(pseudo_collate([dataset[0], dataset[1]]), training=True)
    inputs = batch['inputs']
    assert inputs.ndim == 5 and inputs.shape[:3] == (2, 3, 3)
    assert inputs.shape[3] % 32 == 0 and inputs.shape[4] % 32 == 0
    for sample in batch['data_samples']:
        assert len(sample) == 3
        for frame in sample:
            truth = frame.gt_instances
            assert truth.masks.masks.shape == (len(truth), *inputs.shape[3:])
            assert truth.bboxes.shape == (len(truth), 4)
            assert truth.labels.dtype == torch.int64 and not truth.labels.any()
            assert len(truth.instances_ids) == len(truth)
            assert 'instances' not in frame.metainfo
    if name == 'copy_paste_clips':
        return  # pasted instances may come on top
    counts = [len(frame.gt_instances) for frame in batch['data_samples'][1]]
    # video b: the frames without a keymask stay, empty
    assert sorted(counts) in ([[0, 0, 1]] if name == 'small_clips' else [[0, 0, 1], [0, 0, 0]])


def test_frames_of_a_clip_are_cut_out_one_by_one(make_set, preprocessor):
    """They differ in size and place; normalised padding is about 0 and belongs to no instance."""
    data = make_set(dict(a=(6, {0: set(range(6))})), size=(630, 760))
    dataset = DATASETS.build(read('video_clips', data).train_dataloader.dataset)
    batch = preprocessor(pseudo_collate([dataset[0]]), training=True)
    [clip], [sample] = batch['inputs'], batch['data_samples']
    assert len({tuple(frame.img_shape) for frame in sample}) == 3
    for image, frame in zip(clip, sample, strict=True):
        height, width = frame.img_shape
        assert image[:, :height, :width].abs().max() > 0.5
        for padding in (image[:, height:], image[:, :, width:]):
            assert not padding.numel() or padding.abs().max() < 0.01
        masks = frame.gt_instances.masks.masks
        assert masks.shape[1:] == clip.shape[-2:]
        assert not masks[:, height:].any() and not masks[:, :, width:].any()
    [targets] = collect_clip_targets([list(sample)], 1, torch.device('cpu'))
    assert targets.masks.shape == (len(targets), 3, *clip.shape[-2:])
    assert targets.known.sum() == sum(len(frame.gt_instances) for frame in sample)


@pytest.mark.parametrize('name', NAMES)
def test_whole_video_for_testing(name, data, preprocessor):
    config = read(name, data)
    dataset = DATASETS.build(config.val_dataloader.dataset)
    batch = preprocessor(pseudo_collate([dataset[1]]))
    assert batch['inputs'].shape[:3] == (1, 8, 3)
    frames = list(batch['data_samples'][0])
    assert [frame.frame_id for frame in frames] == list(range(8))
    assert {(frame.video_id, frame.ori_video_length, frame.ori_shape) for frame in frames} == {
        (2, 8, (24, 40))}
    short = 160 if name == 'small_clips' else 360
    assert frames[0].img_shape[0] == short
    assert config.val_evaluator.type == 'ClassAgnosticVISMetric'


def test_dataloader_fills_batches_from_one_video(make_set, preprocessor):
    """More clips than videos, of different sizes: padded to a batch."""
    config = read('small_clips', make_set(dict(a=(6, {0: {0, 1, 2, 3}}))))
    loader = Runner.build_dataloader(
        dict(config.train_dataloader, num_workers=0, persistent_workers=False, batch_size=3),
        seed=0)
    shapes = set()
    for batch, _ in zip(loader, range(3), strict=False):
        shapes.update(tuple(clip.shape) for clip in batch['inputs'])
        assert preprocessor(batch, training=True)['inputs'].shape[:3] == (3, 3, 3)
    assert len(shapes) > 1


def test_sizes_of_small_clips_suit_a_cpu(make_set):
    for size in ((24, 40), (40, 24)):
        dataset = DATASETS.build(read('small_clips', make_set(
            dict(a=(6, {0: {0, 1, 2}})), size=size)).train_dataloader.dataset)
        for _ in range(5):
            height, width = dataset[0]['inputs'].shape[2:]
            assert max(height, width) <= 288 and min(height, width) <= 192


@pytest.mark.parametrize('name', NAMES)
def test_configs_name_no_machine_path(name):
    text = (CONFIGS / f'{name}.py').read_text()
    assert "'/" not in text and 'default_scope' not in text
