"""RLE from the ends of runs: the same as from the pixels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s2d_plugins.labels.rle import encode_masks
from s2d_plugins.models import window_inference
from s2d_plugins.models.device_rle import encode_on_device


def expected(masks):
    return [rle if mask.any() else None
            for mask, rle in zip(masks, encode_masks(masks), strict=True)]


@given(st.integers(0, 4), st.integers(1, 9), st.integers(1, 9), st.data())
@settings(max_examples=200, deadline=None)
def test_the_same_as_on_the_host(number, height, width, data):
    masks = data.draw(arrays(bool, (number, height, width)))
    assert encode_on_device(torch.from_numpy(masks)) == expected(masks)


@pytest.mark.parametrize('corner', [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_corners_full_and_empty(corner):
    masks = np.zeros((3, 5, 7), bool)
    masks[0][corner] = True
    masks[1] = True
    assert encode_on_device(torch.from_numpy(masks)) == expected(masks)


def test_objects_of_480p():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:480, :854]
    masks = np.stack([(rows - y) ** 2 / 9 + (columns - x) ** 2 < radius ** 2
                      for y, x, radius in rng.integers(20, 480, (20, 3))])
    found = encode_on_device(torch.from_numpy(masks))
    assert found == expected(masks)
    assert window_inference._to_rles(torch.from_numpy(masks)) == found
