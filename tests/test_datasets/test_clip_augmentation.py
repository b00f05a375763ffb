"""Augmentation of clips: frame by frame or alike, and lists that stay in step."""

import numpy as np
import pytest
from mmdet.structures.mask import BitmapMasks

from s2d_plugins.datasets.transforms.clip_color_jitter import color_table
from s2d_plugins.datasets.transforms.clip_rotate import Rotation
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


STEPS = [
    dict(type='RandomCrop', crop_size=(20, 36), crop_type='absolute_range',
         allow_negative_crop=True),
    dict(type='RandomChoiceResize', scales=[(90, 30), (90, 36), (90, 50)], keep_ratio=True,
         resize_type='KeymaskResize', backend='pillow'),
    dict(type='RandomResize', scale=(60, 40), ratio_range=(0.5, 1.5), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='ClipColorJitter', brightness=0.5, contrast=0.5, prob=0.7),
    dict(type='ClipRotate', max_angle=40, prob=0.7),
]


@pytest.mark.parametrize('step', STEPS, ids=lambda step: step['type'])
def test_all_frames_of_a_clip_may_be_changed_alike(step):
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


# mmdet's RandomFlip writes a matrix only if it flips, so it must come after RandomCrop here
@pytest.mark.parametrize('step', [step for step in STEPS if step['type'] != 'RandomFlip'],
                         ids=lambda step: step['type'])
def test_each_frame_may_be_changed_anew(step):
    """Like frames come out differently, also in size; PadClip makes them one size again."""
    pipeline = TRANSFORMS.build(dict(type='TransformBroadcaster', transforms=[
        step, dict(type='DropEmptyKeymasks')]))
    together = TRANSFORMS.build(dict(type='PadClip'))
    differed = False
    for _ in range(12):
        results = pipeline(clip())
        images, sizes = results['img'], [image.shape[:2] for image in results['img']]
        differed |= len({image.tobytes() for image in images}) > 1
        results = together(results)
        largest = tuple(np.max(sizes, axis=0))
        for frame, (height, width) in enumerate(sizes):
            assert (results['img'][frame][:height, :width] == images[frame]).all()
            assert results['img'][frame].shape[:2] == largest
            assert results['gt_masks'][frame].masks.shape[1:] == largest
    assert differed


def test_rotation_turns_image_and_masks_together():
    rotate = TRANSFORMS.build(dict(type='ClipRotate', prob=1.0))
    rotate.draw_rotation = lambda: Rotation(90.0, 0.5, 0.5)
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


def test_rotation_about_another_centre_fills_with_black():
    """Half a turn about the middle of the left quarter of a row of 8 pixels."""
    rotate = TRANSFORMS.build(dict(type='ClipRotate', prob=1.0))
    rotate.draw_rotation = lambda: Rotation(180.0, 0.25, 0.5)
    row = np.arange(1, 9, dtype=np.uint8)[None, :, None].repeat(3, 2)
    results = rotate(dict(img=row, gt_masks=BitmapMasks(row[..., 0][None], 1, 8)))
    assert results['img'][0, :, 0].tolist() == [4, 3, 2, 1, 0, 0, 0, 0]
    assert results['gt_masks'].masks[0, 0].tolist() == [4, 3, 2, 1, 0, 0, 0, 0]


def test_rotations_have_the_published_range():
    rotate = TRANSFORMS.build(dict(type='ClipRotate', prob=1.0))
    drawn = np.array([rotate.draw_rotation() for _ in range(2000)])
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    assert low == pytest.approx([-15, 0.4, 0.4], abs=0.1)
    assert high == pytest.approx([15, 0.6, 0.6], abs=0.1)


def test_contrast_leaves_the_mean_of_the_image_or_middle_grey():
    image = np.array([[[20, 40, 60], [80, 100, 120]]], np.uint8)  # mean 70
    for pivot, expected in (('mean', [[-5, 25, 55], [85, 115, 145]]),
                            ('grey', [[-34, -4, 26], [56, 86, 116]])):
        jitter = TRANSFORMS.build(dict(type='ClipColorJitter', contrast=0.5, pivot=pivot))
        jitter.draw_factors = lambda: (1.0, 1.5)
        assert jitter(dict(img=image))['img'][0].tolist() == np.clip(expected, 0, 255).tolist()
    # the mean after brightness was halved is 35: 10 becomes 35 - 1.5 * 25
    jitter = TRANSFORMS.build(dict(type='ClipColorJitter'))
    jitter.draw_factors = lambda: (0.5, 1.5)
    assert jitter(dict(img=image))['img'].ravel().tolist() == [0, 12, 28, 42, 58, 72]


def test_padding_is_the_mean_colour_and_no_mask():
    frames = [np.full((2, 3, 3), 7, np.uint8), np.full((4, 1, 3), 9, np.uint8)]
    masks = [BitmapMasks(np.ones((1, 2, 3), np.uint8), 2, 3), BitmapMasks([], 4, 1)]
    results = TRANSFORMS.build(dict(type='PadClip'))(dict(
        img=frames, gt_masks=masks, img_shape=[(2, 3), (4, 1)]))
    assert results['pad_shape'] == [(4, 3), (4, 3)]
    assert results['img_shape'] == [(2, 3), (4, 1)]
    first, second = results['img']
    assert (first[:2] == 7).all() and (first[2:] == (104, 116, 124)).all()
    assert (second[:, :1] == 9).all() and (second[:, 1:] == (104, 116, 124)).all()
    assert results['gt_masks'][0].masks[0].tolist() == [[1] * 3] * 2 + [[0] * 3] * 2
    assert results['gt_masks'][1].masks.shape == (0, 4, 3)


def test_resized_masks_stay_on_their_objects():
    """A disk of 30 pixels in an image of 660: its mask moves by half a pixel with mmdet's."""
    y, x = np.mgrid[:660, :660] + 0.5
    disk = ((x - 300) ** 2 + (y - 200) ** 2 < 15 ** 2).astype(np.uint8)
    centres = {}
    for kind in ('Resize', 'KeymaskResize'):
        resize = TRANSFORMS.build(dict(type=kind, scale=(360, 360), keep_ratio=True))
        results = resize(dict(img=disk[..., None].repeat(3, 2) * 255,
                              gt_masks=BitmapMasks(disk[None], 660, 660)))
        centres[kind] = np.mean(np.nonzero(results['gt_masks'].masks[0]), axis=1) + 0.5
        assert results['gt_masks'].masks.shape == (1, 360, 360)
    assert centres['KeymaskResize'] == pytest.approx([200 * 360 / 660, 300 * 360 / 660], abs=0.15)
    assert (centres['Resize'] - centres['KeymaskResize'] > 0.3).all()


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
    dict(type='ClipCopyPaste', scale_range=(0.5, 2.0)), dict(type='PadClip', color=(0, 0)),
    dict(type='ClipRotate', centre_range=(0.6, 0.4)), dict(type='ClipColorJitter', pivot='median'),
])
def test_impossible_options(step):
    with pytest.raises(ValueError, match='found'):
        TRANSFORMS.build(step)
