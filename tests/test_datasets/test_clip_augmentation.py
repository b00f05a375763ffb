"""Augmentation of clips: the same for every frame, and lists that stay in step."""

import numpy as np
import pytest
from mmdet.structures.mask import BitmapMasks

from s2d_plugins.datasets.transforms.clip_color_jitter import color_table
from s2d_plugins.datasets.transforms.mask_ops import set_instances
from s2d_plugins.registry import TRANSFORMS

SIZE = (40, 60)


def clip(num_masks=2, num_frames=3):
    """Frames that are all alike, so that like parameters give like results."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    masks = np.zeros((num_masks, *SIZE), np.uint8)
    for n in range(num_masks):
        masks[n, 10:30, 5 * n:5 * n + 8] = 1
    frame = dict(img=image, img_shape=SIZE, ori_shape=SIZE)
    set_instances(frame, masks, np.arange(num_masks) + 1, np.zeros(num_masks), np.zeros(num_masks))
    return {key: [value.copy() if isinstance(value, np.ndarray) else value
                  for _ in range(num_frames)] for key, value in frame.items()}


SHARED = [
    dict(type='RandomCrop', crop_size=(20, 36), crop_type='absolute_range',
         allow_negative_crop=True),
    dict(type='RandomChoiceResize', scales=[(90, 30), (90, 36), (90, 50)], keep_ratio=True),
    dict(type='RandomResize', scale=(60, 40), ratio_range=(0.5, 1.5), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='ClipColorJitter', brightness=0.5, contrast=0.5, prob=0.7),
    dict(type='ClipRotate', max_angle=40, prob=0.7),
]


@pytest.mark.parametrize('step', SHARED, ids=lambda step: step['type'])
def test_all_frames_of_a_clip_are_changed_alike(step):
    pipeline = TRANSFORMS.build(dict(
        type='TransformBroadcaster', share_random_params=True,
        transforms=[step, dict(type='DropEmptyKeymasks')]))
    outcomes = set()
    for _ in range(12):
        results = pipeline(clip())
        first = results['img'][0]
        assert all((image == first).all() for image in results['img'])
        masks = results['gt_masks'][0].masks
        assert masks.shape[1:] == first.shape[:2]
        assert all((frame.masks == masks).all() for frame in results['gt_masks'])
        assert len({tuple(ids) for ids in results['gt_instances_ids']}) == 1
        outcomes.add((first.shape, first.tobytes()))
    assert len(outcomes) > 1  # the parameters change from clip to clip


def test_rotation_turns_image_and_masks_together():
    rotate = TRANSFORMS.build(dict(type='ClipRotate', prob=1.0))
    rotate.draw_angle = lambda: 90.0
    frame = dict(img=np.zeros((5, 5, 3), np.uint8))
    frame['img'][0, 1] = 200  # row 0, column 1
    frame['gt_masks'] = BitmapMasks((frame['img'][..., 0] > 0)[None].repeat(7, 0).astype('u1'),
                                    5, 5)
    results = rotate(frame)
    # counter-clockwise by 90 degrees about the centre (2, 2): to row 3, column 0
    assert np.argwhere(results['img'][..., 0]).tolist() == [[3, 0]]
    assert (results['gt_masks'].masks == (results['img'][..., 0] > 0)).all()
    assert len(results['gt_masks']) == 7


def test_rotation_of_a_frame_without_masks():
    rotate = TRANSFORMS.build(dict(type='ClipRotate', prob=1.0))
    results = rotate(dict(img=np.full((4, 6, 3), 9, np.uint8), gt_masks=BitmapMasks([], 4, 6)))
    assert results['gt_masks'].masks.shape == (0, 4, 6)


def test_color_table():
    assert (color_table(1, 1) == np.arange(256)).all()
    assert color_table(0.5, 1)[[0, 100, 255]].tolist() == [0, 50, 128]  # 127.5 rounds to even
    assert color_table(1, 2)[[0, 64, 128, 160, 255]].tolist() == [0, 0, 128, 192, 255]


def test_dropping_empty_masks_keeps_the_frame():
    results = clip()
    for frame in range(3):
        results['gt_masks'][frame] = BitmapMasks(results['gt_masks'][frame].masks.copy(), *SIZE)
    results['gt_masks'][1].masks[0] = 0
    results['gt_masks'][2].masks[:] = 0
    results = TRANSFORMS.build(dict(type='TransformBroadcaster', transforms=[
        dict(type='DropEmptyKeymasks')]))(results)
    assert [ids.tolist() for ids in results['gt_instances_ids']] == [[1, 2], [2], []]
    assert [len(boxes) for boxes in results['gt_bboxes']] == [2, 1, 0]
    assert results['gt_masks'][2].masks.shape == (0, *SIZE)


def test_crop_away_from_all_masks_keeps_the_clip():
    pipeline = TRANSFORMS.build(dict(
        type='TransformBroadcaster', share_random_params=True, transforms=[
            dict(type='RandomCrop', crop_size=(8, 8), allow_negative_crop=True),
            dict(type='DropEmptyKeymasks')]))
    counts = {len(pipeline(clip(1))['gt_instances_ids'][0]) for _ in range(40)}
    assert counts == {0, 1}


@pytest.mark.parametrize('step', [
    dict(type='ClipRotate', prob=1.5), dict(type='ClipRotate', max_angle=-1),
    dict(type='ClipColorJitter', brightness=1.0), dict(type='ClipColorJitter', contrast=-0.1),
    dict(type='DropEmptyKeymasks', min_area=0), dict(type='ClipCopyPaste', prob=-1),
    dict(type='ClipCopyPaste', scale_range=(0.5, 2.0)),
])
def test_impossible_options(step):
    with pytest.raises(ValueError, match='found'):
        TRANSFORMS.build(step)
