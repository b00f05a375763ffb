"""Masks in every form give the same look-ups, found without decoding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks.bit_maps import bit_map, bits_at, changes_of
from s2d_plugins.keymasks.frame_masks import FrameMasks
from s2d_plugins.labels.rle import decode_mask, encode_mask, encode_masks


def every_pixel(size):
    return np.arange(size[0] * size[1])


def by_column(masks):
    """(n, H, W) masks as (H * W, n), pixels counted column by column."""
    return np.stack([mask.T.ravel() for mask in masks], axis=1)


@given(seed=st.integers(0, 10**6), height=st.integers(1, 40), width=st.integers(1, 90),
       count=st.integers(1, 70), density=st.sampled_from([0.01, 0.3, 0.9, 1.0]))
def test_look_up_equals_decoding(seed, height, width, count, density):
    masks = np.random.default_rng(seed).random((count, height, width)) < density
    masks[:, 0, 0] |= ~masks.any(axis=(1, 2))
    found = FrameMasks([encode_masks(masks)]).lookup(0, every_pixel((height, width)))
    np.testing.assert_array_equal(found, by_column(masks))


def test_runs_of_no_length():
    """Another encoder may split a run in two with nothing between."""
    rle = coco_mask.frPyObjects({'size': [3, 4], 'counts': [2, 3, 0, 4, 3]}, 3, 4)
    found = bits_at(bit_map([changes_of(rle)], 12), np.arange(12), 1)[:, 0]
    assert found.tolist() == [False] * 2 + [True] * 7 + [False] * 3
    np.testing.assert_array_equal(found, decode_mask(rle).T.ravel())


def test_id_maps_count_by_smallest_id():
    id_map = np.array([[0, 9, 9], [4, 4, 70000]])
    masks = FrameMasks(np.stack([id_map, np.zeros_like(id_map)]))
    assert masks.counts.tolist() == [3, 0] and masks.total == 3
    np.testing.assert_array_equal(masks.lookup(0, every_pixel((2, 3))),
                                  by_column([id_map == 4, id_map == 9, id_map == 70000]))
    np.testing.assert_array_equal(decode_mask(masks.rle(0, 1)), id_map == 9)
    assert masks.lookup(1, np.arange(2)).shape == (2, 0)


def test_uncompressed_rles_and_dicts_of_proposals():
    mask = np.zeros((3, 4), bool)
    mask[1:, 1] = True
    forms = [{'size': [3, 4], 'counts': [4, 2, 6]},
             {'segmentation': encode_mask(mask), 'score': 1.0}, mask, mask.astype(np.uint8)]
    masks = FrameMasks([forms])
    assert masks.lookup(0, every_pixel((3, 4))).all(axis=1).tolist() == mask.T.ravel().tolist()


def test_broken_rles_are_named():
    broken = {'size': [3, 4], 'counts': '5'}
    with pytest.raises(S2DInputError, match='frame 7, mask 1: the mask does not decode'):
        FrameMasks([[encode_mask(np.ones((3, 4), bool)), broken]], first_frame=7)


@pytest.mark.parametrize('masks', [
    3, None, 'ab', {}, [3], [None], ['ab'], [dict(a=1)], [[3]], [['x']], [[None]],
    [[np.zeros((2, 2, 2))]], [[dict(size=[3, 'x'], counts='a')]], [[dict(size=3)]],
    [[dict(segmentation=3)]], np.zeros((2, 3, 4, 5))])
def test_what_is_no_masks(masks):
    with pytest.raises(S2DInputError):
        FrameMasks(masks)


@pytest.mark.parametrize('size', [3, (3,), (3, 0), ('a', 3), (2.0, 3)])
def test_what_is_no_size(size):
    with pytest.raises(S2DInputError, match='FrameMasks: expected size'):
        FrameMasks([], size)


@pytest.mark.parametrize('mask', [
    {'size': [3, 4], 'counts': ''}, {'size': [3], 'counts': [12]}, {'size': 'ab', 'counts': [12]},
    {'counts': [12]}, {'size': [4, 3], 'counts': [0, 12]}, {'segmentation': None}, {}, 'x', 3, None,
    np.ones(12), {'size': [3, 4], 'counts': [12]}])
@pytest.mark.parametrize('size', [None, (3, 4)])
def test_what_is_no_mask_is_named(mask, size):
    with pytest.raises(S2DInputError, match='frame 7.*mask 1'):
        FrameMasks([[encode_mask(np.ones((3, 4), bool)), mask]], size, first_frame=7)
    if not isinstance(mask, dict) or mask.get('size') != [4, 3]:  # as the first it may say the size
        with pytest.raises(S2DInputError, match='frame 7.*mask 0'):
            FrameMasks([[mask]], size, first_frame=7)


@pytest.mark.parametrize('count', [255, 256, 1000])
def test_any_number_of_masks(count):
    masks = np.zeros((count, 3, 4), bool)
    masks[np.arange(count), np.arange(count) % 3, np.arange(count) % 4] = True
    for found in (FrameMasks([encode_masks(masks)]), FrameMasks([list(masks)])):
        np.testing.assert_array_equal(found.lookup(0, every_pixel((3, 4))), by_column(masks))
    ids = np.arange(1, count + 1).reshape(1, count)
    assert FrameMasks(ids[None]).counts.tolist() == [count]
