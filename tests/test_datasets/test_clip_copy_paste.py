"""ClipCopyPaste: pixels, occlusion, identities."""

import numpy as np
import pytest

from s2d_plugins.datasets.transforms.clip_copy_paste import paste_objects
from s2d_plugins.datasets.transforms.mask_ops import set_instances
from s2d_plugins.registry import TRANSFORMS


def clip(value, frames, size=(8, 10)):
    """Frames of one grey value; ``frames`` holds per frame {id: (x, y, width, height)}."""
    results = {}
    for boxes in frames:
        masks = np.zeros((len(boxes), *size), np.uint8)
        for mask, (x, y, width, height) in zip(masks, boxes.values(), strict=True):
            mask[y:y + height, x:x + width] = 1
        frame = dict(img=np.full((*size, 3), value, np.uint8))
        set_instances(frame, masks, np.array(list(boxes)), np.zeros(len(boxes)),
                      np.zeros(len(boxes)))
        for key, entry in frame.items():
            results.setdefault(key, []).append(entry)
    return results


def test_paste_objects():
    image, masks = np.zeros((3, 4, 3), np.uint8), np.ones((1, 3, 4), np.uint8)
    source = np.full((2, 2, 3), 7, np.uint8)
    source_masks = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], np.uint8)
    new_image, new_masks = paste_objects(image, masks, source, source_masks, top=1, left=2)
    assert new_image[..., 0].tolist() == [[0, 0, 0, 0], [0, 0, 7, 0], [0, 0, 0, 7]]
    assert new_masks.tolist() == [
        [[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]],
        [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]]
    assert image.max() == 0 and masks.min() == 1


@pytest.fixture
def paste():
    return TRANSFORMS.build(dict(type='ClipCopyPaste', prob=1.0, scale_range=(1.0, 1.0)))


def test_one_instance_over_all_frames(paste):
    """Pasted at full size it covers the left half: id 3 is hidden there and leaves frame 0."""
    results = clip(10, [{3: (0, 0, 2, 2), 5: (4, 0, 4, 2)}, {}, {5: (6, 0, 2, 2)}])
    other = clip(99, [{40: (0, 0, 5, 8)}, {40: (0, 0, 5, 8)}, {}])
    results = paste(dict(results, mix_results=[other]))
    assert [ids.tolist() for ids in results['gt_instances_ids']] == [[5, 6], [6], [5]]
    assert results['gt_bboxes'][0].tolist() == [[5, 0, 8, 2], [0, 0, 5, 8]]
    assert (results['img'][0][:, :5] == 99).all() and (results['img'][0][:, 5:] == 10).all()
    assert (results['img'][2] == 10).all()
    assert all(len(results[key][0]) == 2 for key in
               ('gt_bboxes_labels', 'gt_ignore_flags', 'gt_masks'))


def test_the_same_random_part_in_every_frame(paste):
    frame = {7: (0, 0, 2, 8), 9: (3, 0, 2, 8), 8: (6, 0, 2, 8)}
    reordered = {9: (3, 0, 2, 8), 8: (6, 0, 2, 8), 7: (0, 0, 2, 8)}
    sizes = set()
    for _ in range(60):
        results = paste(dict(clip(0, [{}, {}]), mix_results=[clip(50, [frame, reordered])]))
        places = [dict(zip(ids.tolist(), boxes[:, 0].tolist(), strict=True)) for ids, boxes in
                  zip(results['gt_instances_ids'], results['gt_bboxes'], strict=True)]
        assert places[0] == places[1]
        sizes.add(len(places[0]))
    assert sizes == {1, 2, 3}


def test_a_larger_clip_is_scaled_to_fit():
    paste = TRANSFORMS.build(dict(type='ClipCopyPaste', prob=1.0))
    for _ in range(20):
        other = clip(50, [{1: (0, 0, 30, 20)}] * 2, size=(20, 30))
        results = paste(dict(clip(0, [{}, {}]), mix_results=[other]))
        boxes = [frame[0].tolist() for frame in results['gt_bboxes']]
        assert boxes[0] == boxes[1]
        x1, y1, x2, y2 = boxes[0]
        assert 0 <= x1 < x2 <= 10 and 0 <= y1 < y2 <= 8
        assert x2 - x1 >= 5 and (x2 - x1) / (y2 - y1) == pytest.approx(1.5, rel=0.25)


def test_nothing_to_paste(paste):
    results = paste(dict(clip(0, [{1: (0, 0, 2, 2)}]), mix_results=[clip(50, [{}])]))
    assert results['gt_instances_ids'][0].tolist() == [1]
    assert 'mix_results' not in paste(clip(0, [{}]))


def test_probability_decides_whether_a_clip_is_fetched():
    never = TRANSFORMS.build(dict(type='ClipCopyPaste', prob=0.0))
    assert never.get_indexes(range(3)) == []
    always = TRANSFORMS.build(dict(type='ClipCopyPaste', prob=1.0))
    assert {always.get_indexes(range(3))[0] for _ in range(50)} == {0, 1, 2}


def test_clips_of_different_length(paste):
    with pytest.raises(ValueError, match='equal length, found 1 and 2 frames'):
        paste(dict(clip(0, [{}]), mix_results=[clip(0, [{}, {}])]))


@pytest.mark.parametrize(('target', 'source', 'expected'), [
    ((8, 10), (8, 10), (8, 10)), ((8, 10), (4, 10), (4, 10)), ((6, 100), (60, 1), (6, 1)),
    ((3, 100), (100, 100), (3, 3)), ((5, 7), (7, 5), (5, 4))])
def test_the_scaled_source_fits_and_keeps_its_shape(paste, target, source, expected):
    """7 x 5 into 5 x 7 is scaled by 5/7: 5 x 3.57, that is 4; nothing becomes thinner than 1."""
    (height, width), top, left = paste._place(target, source)
    assert (height, width) == expected
    assert 0 <= top <= target[0] - height and 0 <= left <= target[1] - width
