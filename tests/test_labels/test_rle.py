"""Run-length arithmetic against dense masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from s2d_plugins.labels import rle
from s2d_plugins.labels.rle import (
    decode_mask,
    encode_mask,
    encode_masks,
    intersections,
    measure,
    resized_masks,
)

stacks = hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 17)))


def encode_plainly(masks):
    """What pycocotools makes of (N, H, W) bool."""
    columns = np.asfortranarray(np.moveaxis(masks.astype(np.uint8), 0, -1))
    return [dict(size=rle['size'], counts=rle['counts'].decode())
            for rle in coco_mask.encode(columns)]


@settings(max_examples=60, deadline=None)
@given(stacks)
def test_encode_and_measure_agree_with_dense_masks(masks):
    rles = encode_masks(masks)
    assert rles == encode_plainly(masks)
    areas, valid = measure(rles)
    assert valid.all()
    assert areas.tolist() == masks.sum(axis=(1, 2)).tolist()


@pytest.mark.parametrize('share', [0.0, 0.003, 0.5, 1.0])
@pytest.mark.parametrize('size', [(90, 160), (61, 35), (1, 8), (8, 1)])
def test_encode_in_parts(monkeypatch, size, share):
    monkeypatch.setattr(rle, '_PIXELS_AT_ONCE', 5000)
    masks = np.random.default_rng(0).random((7, *size)) < share
    masks[2], masks[3], masks[5, :, 1:] = False, True, False
    assert encode_masks(masks) == encode_plainly(masks)


def test_any_layout_and_type():
    masks = np.random.default_rng(0).random((3, 16, 24)) < 0.5
    expected = encode_plainly(masks)
    turned = np.ascontiguousarray(masks.transpose(1, 2, 0)).transpose(2, 0, 1)
    fixed = masks.copy()
    fixed.flags.writeable = False
    for same in (turned, np.asfortranarray(masks), np.repeat(masks, 2, 2)[:, :, ::2],
                 fixed, masks.astype(np.uint8) * 255, masks * 0.5):
        assert encode_masks(same) == expected


@settings(max_examples=60, deadline=None)
@given(stacks)
def test_intersections_are_exact(masks):
    rles, areas = encode_masks(masks), masks.sum(axis=(1, 2))
    expected = [[(a & b).sum() for b in masks] for a in masks]
    assert intersections(rles, rles, areas, areas).tolist() == expected


def test_large_masks_are_exact():
    masks = np.zeros((2, 2160, 3840), bool)
    masks[0, :2000, :3000] = True
    masks[1, 3:2100, 5:] = True
    rles = encode_masks(masks)
    areas, valid = measure(rles)
    assert valid.all()
    assert areas.tolist() == [2000 * 3000, 2097 * 3835]
    assert intersections(rles[:1], rles[1:], areas[:1], areas[1:]).item() == 1997 * 2995


def test_nothing():
    assert encode_masks(np.zeros((0, 3, 4), bool)) == []
    assert measure([])[0].tolist() == []
    one = [encode_mask(np.ones((2, 2)))]
    assert intersections([], one, np.zeros(0), np.full(1, 4)).shape == (0, 1)


@pytest.mark.parametrize('counts', ['', 'P', '3', '999', '~~', 'é', '5M5', '04O8'])
def test_broken_counts_are_found_without_harm_to_their_neighbours(counts):
    good = encode_mask(np.eye(3, dtype=bool))
    areas, valid = measure([good, dict(size=[3, 3], counts=counts), good])
    assert valid.tolist() == [True, False, True]
    assert areas.tolist() == [3, 0, 3]


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9)))
def test_masks_survive_encoding(masks):
    rles = encode_masks(masks)
    assert all(rle['size'] == list(masks.shape[1:]) for rle in rles)
    decoded = np.stack([decode_mask(rle) for rle in rles])
    assert decoded.dtype == bool
    assert np.array_equal(decoded, masks)
    assert rles == [encode_mask(mask) for mask in masks]


def test_encoding_no_masks():
    assert encode_masks(np.zeros((0, 4, 6), bool)) == []


def test_encoding_is_column_by_column():
    # column-major runs: 9 zeros, then per column 2 ones and 2 zeros, and 5 zeros at the end
    square = np.zeros((4, 6), bool)
    square[1:3, 2:5] = True
    runs = dict(size=[4, 6], counts=[9, 2, 2, 2, 2, 2, 5])
    expected = coco_mask.frPyObjects(runs, 4, 6)['counts'].decode()
    assert encode_mask(square) == dict(size=[4, 6], counts=expected)


def test_resized_masks():
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:5] = True
    rle = encode_mask(mask)
    same, nothing = resized_masks([rle, None], (4, 6))
    assert same is rle and nothing is None
    large, = resized_masks([rle], (8, 12))
    np.testing.assert_array_equal(decode_mask(large), mask.repeat(2, 0).repeat(2, 1))
    small, = resized_masks([large], (4, 6))
    np.testing.assert_array_equal(decode_mask(small), mask)
