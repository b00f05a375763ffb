"""Masks from files: every form, and no broken one passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.mask_reader import has_mask, read_mask, read_masks, read_rle, rle_size
from s2d_plugins.labels.rle import areas_and_boxes, decode_mask, encode_mask

SIZE = (5, 6)
BLOCK = np.zeros(SIZE, bool)
BLOCK[1:3, 2:5] = True  # rows 1 and 2, columns 2 to 4


def test_every_form_gives_the_same_mask():
    compressed = encode_mask(BLOCK)
    forms = [compressed, dict(compressed, counts=compressed['counts'].encode()),
             dict(size=[5, 6], counts=[11, 2, 3, 2, 3, 2, 7]),  # down the columns
             [[2, 1, 5, 1, 5, 3, 2, 3]]]
    rles, areas = read_masks([*forms, None, []], SIZE, str)
    assert rles == [compressed] * 4 + [None, None] and areas.tolist() == [6] * 4 + [0, 0]


def test_empty_masks_are_none_unless_asked_for():
    empty = encode_mask(np.zeros(SIZE, bool))
    assert read_mask(empty, SIZE, 'x') is None
    assert read_mask(empty, SIZE, 'x', keep_empty=True) == empty


@pytest.mark.parametrize('counts', [
    '', [], 'P', '3', '999', '~~', 'é', [3, -3, 30], [30, 1], [29], [True] * 30, [1.5, 28.5], None,
    3, [2**40, 30 - 2**40], 'oooooooooo0', b'\xff', {}])
def test_broken_counts(counts):
    with pytest.raises(S2DInputError, match='a.json, frame 3: the mask does not decode .*anew'):
        read_mask(dict(size=list(SIZE), counts=counts), SIZE, 'a.json, frame 3')


@pytest.mark.parametrize('polygons', [
    [[]], [1, 2, 3, 4, 5, 6], [[1, 2, 3, 4]], [[1, 2, 3, 4, 5]], [['a'] * 6],
    [[0, 0, 1e9, 0, 1e9, 1]], [[float('nan')] * 6], [None], [[[1, 2], [3, 4], [5, 6]]]])
def test_broken_polygons(polygons):
    with pytest.raises(S2DInputError, match='x: the mask does not decode .expected polygons'):
        read_mask(polygons, SIZE, 'x')


@pytest.mark.parametrize(('change', 'message'), [
    (dict(size=None), 'expected an RLE with a size'), (dict(size=[5]), 'with a size'),
    (dict(size=['5', '6']), 'with a size'),
    (dict(size=[6, 5]), 'is 6 x 5 .*expected 5 x 6; height and width are swapped'),
    (dict(size=[5, 7]), 'is 5 x 7 .*expected 5 x 6; make masks and frames of one size')])
def test_sizes(change, message):
    with pytest.raises(S2DInputError, match=message):
        read_mask(dict(encode_mask(BLOCK), **change), SIZE, 'x')


@pytest.mark.parametrize('segmentation', [3, 'o0', True])
def test_what_is_no_mask_at_all(segmentation):
    with pytest.raises(S2DInputError, match='expected an RLE or polygons, found'):
        read_mask(segmentation, SIZE, 'x')


@pytest.mark.parametrize('size', [(0, 5), (-3, 4), (2**14, 2**13 + 1)])
def test_frames_that_cannot_be(size):
    with pytest.raises(S2DInputError, match='expected 1 to 134217728 pixels'):
        read_mask(None, size, 'x')


@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.integers(1, 7))
def test_what_passes_decodes_as_pycocotools_says(seed, height, width):
    """Random text is either refused or a mask that fills its frame."""
    rng = np.random.default_rng(seed)
    counts = ''.join(map(chr, rng.integers(48, 112, rng.integers(1, 6))))
    try:
        rle = read_mask(dict(size=[height, width], counts=counts), (height, width), 'x', True)
    except S2DInputError:
        return
    mask = decode_mask(rle)
    assert mask.shape == (height, width) and coco_mask.area(rle) == mask.sum()


@pytest.mark.parametrize('count', [0, 1, 127, 128, 129, 255, 256, 1000])
def test_areas_and_boxes_of_any_number(count):
    areas, boxes = areas_and_boxes([encode_mask(BLOCK)] * count)
    assert areas == [6] * count and boxes == [[2, 1, 3, 2]] * count


@pytest.mark.parametrize(('segmentation', 'expected'), [
    (None, False), ([], False), ({}, True), ([[]], True), (dict(counts=''), True), (0, True)])
def test_what_says_that_there_is_no_mask(segmentation, expected):
    assert has_mask(segmentation) == expected


def test_an_rle_of_whatever_size():
    rle = encode_mask(BLOCK)
    assert read_rle(rle, 'x') == rle and rle_size(rle, 'x') == SIZE
    empty = encode_mask(np.zeros(SIZE, bool))
    assert read_rle(empty, 'x') is None and read_rle(empty, 'x', keep_empty=True) == empty
    for wrong in (None, [[0, 0, 1, 1, 2, 2]], {}, dict(rle, size=[True, 6]), dict(rle, size='56')):
        with pytest.raises(S2DInputError, match='x: the mask does not decode .*with a size'):
            read_rle(wrong, 'x')
    with pytest.raises(S2DInputError, match='does not fill 6 x 5'):
        read_rle(dict(rle, size=[6, 6 - 1], counts='o0'), 'x')


def test_what_is_large_or_deep_is_shown_in_short():
    deep = []
    for _ in range(2000):
        deep = [deep]
    for wrong in (deep, [[0.5] * 10**6 + [None]], dict(size=[1] * 10**6), dict(size=deep)):
        with pytest.raises(S2DInputError) as caught:
            read_mask(wrong, SIZE, 'x')
        assert len(str(caught.value)) < 300
