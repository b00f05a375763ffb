"""Decoding, sampling and selecting masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.datasets.transforms.mask_ops import (
    boxes_of_masks,
    decode_at,
    resize_masks,
    set_instances,
)
from s2d_plugins.labels.rle import encode_masks


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 3), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9),
       st.integers(1, 9), st.integers(0, 99))
def test_decode_takes_the_pixel_under_each_centre(number, height, width, rows, columns, seed):
    masks = np.random.default_rng(seed).random((number, height, width)) < 0.5
    choices = [masks[:, source_rows][:, :, source_columns]
               for source_rows in under_centres(height, rows)
               for source_columns in under_centres(width, columns)]
    for found in (decode_at(encode_masks(masks), (rows, columns)),
                  resize_masks(masks.astype(np.uint8), (rows, columns))):
        assert found.shape == (number, rows, columns) and found.dtype == np.uint8
        assert np.any([found == choice for choice in choices], axis=0).all()


def under_centres(source, target):
    """Source index under each target centre; on a border between two pixels either will do."""
    twice = (2 * np.arange(target) + 1) * source
    return twice // (2 * target), -(-twice // (2 * target)) - 1


def test_boxes():
    masks = np.zeros((3, 4, 5), np.uint8)
    masks[0, 0, 0] = 1
    masks[1, 1:4, 2:5] = 1
    assert boxes_of_masks(masks).tolist() == [[0, 0, 1, 1], [2, 1, 5, 4], [0, 0, 0, 0]]
    assert boxes_of_masks(masks[:0]).shape == (0, 4)


def test_set_instances_keeps_lists_in_step():
    masks = np.zeros((3, 4, 5), np.uint8)
    masks[0, 0, :2] = 1
    masks[2, :2, :2] = 1
    columns = np.array([4, 5, 6]), np.array([0, 1, 2]), np.array([False, False, True])
    results = {}
    set_instances(results, masks, *columns)
    assert results['gt_instances_ids'].tolist() == [4, 6]
    assert results['gt_bboxes_labels'].tolist() == [0, 2]
    assert results['gt_ignore_flags'].tolist() == [False, True]
    assert results['gt_bboxes'].tolist() == [[0, 0, 2, 1], [0, 0, 2, 2]]
    set_instances(results, masks, *columns, min_area=5)
    assert results['gt_masks'].masks.shape == (0, 4, 5)
    assert results['gt_bboxes'].shape == (0, 4) and len(results['gt_instances_ids']) == 0


@pytest.mark.parametrize(('min_area', 'kept'), [(3, [4, 6]), (4, [4, 6]), (5, [6])])
def test_exactly_the_least_area_stays(min_area, kept):
    masks = np.zeros((2, 4, 5), np.uint8)
    masks[0, :2, :2] = 1  # 4 pixels
    masks[1, :3, :2] = 1  # 6 pixels
    results = {}
    set_instances(results, masks, np.array([4, 6]), np.zeros(2), np.zeros(2, bool), min_area)
    assert results['gt_instances_ids'].tolist() == kept
