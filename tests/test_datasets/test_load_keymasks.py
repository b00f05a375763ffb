"""LoadKeymasks on single frames."""

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.registry import TRANSFORMS


def frame(*masks, **extra):
    """A frame of 4 x 6 pixels."""
    return dict(height=4, width=6, video_id=3, frame_id=8, img_path='v/8.jpg', instances=[
        dict(mask=encode_mask(mask), instance_id=11 + n, bbox_label=0, ignore_flag=n)
        for n, mask in enumerate(masks)], **extra)


@pytest.fixture
def load():
    return TRANSFORMS.build(dict(type='LoadKeymasks'))


@pytest.fixture
def left():
    mask = np.zeros((4, 6), bool)
    mask[:2, :4] = True
    return mask


def test_masks_at_full_size(load, left):
    results = load(frame(left, ~left))
    assert (results['gt_masks'].masks == np.stack([left, ~left])).all()
    assert results['gt_masks'].masks.dtype == np.uint8
    assert results['gt_bboxes'].tolist() == [[0, 0, 4, 2], [0, 0, 6, 4]]
    assert results['gt_bboxes'].dtype == np.float32
    assert results['gt_instances_ids'].tolist() == [11, 12]
    assert results['gt_bboxes_labels'].tolist() == [0, 0]
    assert results['gt_ignore_flags'].tolist() == [False, True]


def test_masks_follow_a_resized_image(load, left):
    results = load(frame(left, ori_shape=(4, 6), img_shape=(2, 3)))
    assert results['gt_masks'].masks.tolist() == [[[1, 1, 0], [0, 0, 0]]]
    assert results['gt_bboxes'].tolist() == [[0, 0, 2, 1]]


def test_frame_without_keymasks(load):
    results = load(frame())
    assert results['gt_masks'].masks.shape == (0, 4, 6)
    assert results['gt_bboxes'].shape == (0, 4)
    assert all(results[key].shape == (0,) for key in
               ('gt_bboxes_labels', 'gt_instances_ids', 'gt_ignore_flags'))


def test_errors_name_video_and_frame(load, left):
    with pytest.raises(S2DInputError, match=r'video 3, frame 8 \(v/8.jpg\), instance 11: the mask '
                       'is 4 x 5 .*, expected 4 x 6'):
        load(frame(left[:, :5]))
    with pytest.raises(S2DInputError, match='frame 8: .* is 8 x 12 .*, the labels say 4 x 6'):
        load(frame(left, ori_shape=(8, 12), img_shape=(4, 6)))
    uncompressed = frame()
    uncompressed['instances'] = [dict(mask=dict(size=[2, 2], counts=[1, 3]), instance_id=1,
                                      bbox_label=0, ignore_flag=0)]
    with pytest.raises(S2DInputError, match='is 2 x 2 .*, expected 4 x 6'):
        load(uncompressed)


@pytest.mark.parametrize('mask', [
    dict(size=[4, 6], counts=''), dict(size=[4, 6], counts=[]), dict(size=[4, 6], counts='o'),
    dict(counts=[24]), dict(size=[6, 4], counts=[24]), [[]], [[0, 0, 5, 3]], {}, 'x', 3])
def test_no_noise_from_broken_masks(load, left, mask):
    results = frame(left)
    results['instances'].append(dict(results['instances'][0], mask=mask, instance_id=7))
    with pytest.raises(S2DInputError, match=r'frame 8 \(v/8.jpg\), instance 7: the mask'):
        load(results)


def test_ids_of_other_data_sets(load, left):
    results = frame(left, left)
    results['instances'][0]['instance_id'] = 2**62
    assert load(results)['gt_instances_ids'].tolist() == [2**62, 12]
    for wrong in (2**63, 'cat', None):
        results['instances'][0]['instance_id'] = wrong
        with pytest.raises(S2DInputError, match='expected instance ids of 64 bits, found'):
            load(results)
