"""Run-length arithmetic against dense masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from s2d_plugins.evaluation.rle import encode, intersections, measure, to_rle
from s2d_plugins.labels import decode_mask, encode_mask

stacks = hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7)))


@settings(max_examples=60, deadline=None)
@given(stacks)
def test_encode_and_measure_agree_with_dense_masks(masks):
    rles = encode(masks)
    assert rles == [encode_mask(mask) for mask in masks]
    areas, valid = measure(rles)
    assert valid.all()
    assert areas.tolist() == masks.sum(axis=(1, 2)).tolist()


@settings(max_examples=60, deadline=None)
@given(stacks)
def test_intersections_are_exact(masks):
    rles, areas = encode(masks), masks.sum(axis=(1, 2))
    expected = [[(a & b).sum() for b in masks] for a in masks]
    assert intersections(rles, rles, areas, areas).tolist() == expected


def test_large_masks_are_exact():
    masks = np.zeros((2, 2160, 3840), bool)
    masks[0, :2000, :3000] = True
    masks[1, 3:2100, 5:] = True
    rles = encode(masks)
    areas, valid = measure(rles)
    assert valid.all()
    assert areas.tolist() == [2000 * 3000, 2097 * 3835]
    assert intersections(rles[:1], rles[1:], areas[:1], areas[1:]).item() == 1997 * 2995


def test_nothing():
    assert encode(np.zeros((0, 3, 4), bool)) == []
    assert measure([])[0].tolist() == []
    one = [encode_mask(np.ones((2, 2)))]
    assert intersections([], one, np.zeros(0), np.full(1, 4)).shape == (0, 1)


@pytest.mark.parametrize('counts', ['', 'P', '3', '999', '~~', 'é', '5M5', '04O8'])
def test_broken_counts_are_found_without_harm_to_their_neighbours(counts):
    good = encode_mask(np.eye(3, dtype=bool))
    areas, valid = measure([good, dict(size=[3, 3], counts=counts), good])
    assert valid.tolist() == [True, False, True]
    assert areas.tolist() == [3, 0, 3]


def test_forms_of_segmentations():
    mask = np.zeros((4, 5), bool)
    mask[1:3, 1:4] = True
    runs = dict(size=[4, 5], counts=[5, 2, 2, 2, 2, 2, 5])
    polygon = [[1, 1, 4, 1, 4, 3, 1, 3]]
    compressed = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    for segmentation in (runs, polygon, compressed, encode_mask(mask)):
        rle = to_rle(segmentation, (4, 5))
        assert (decode_mask(rle) == mask).all()
        assert measure([rle])[0].tolist() == [6]


@pytest.mark.parametrize('segmentation', [
    dict(size=[4, 5]), dict(counts='0'), dict(size=[4, 5], counts=7), dict(size=4, counts='0'),
    'mask', [[1, 2]], [['a'] * 6], dict(size=[4, 5], counts=['a'])])
def test_what_is_no_segmentation(segmentation):
    with pytest.raises(ValueError, match='not a COCO segmentation|counts must be'):
        to_rle(segmentation, (4, 5))
