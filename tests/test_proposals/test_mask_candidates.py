import numpy as np
import pytest

from s2d_plugins.proposals.mask_candidates import (
    components,
    contrast,
    main_region,
    overlap,
    without_duplicates,
)


def boxes(*places, size=(40, 60)):
    masks = np.zeros((len(places), *size), bool)
    for mask, (top, left, height, width) in zip(masks, places, strict=True):
        mask[top:top + height, left:left + width] = True
    return masks


def test_main_region_keeps_large_parts_and_drops_specks():
    large, half, speck = boxes((0, 0, 10, 10), (20, 20, 10, 5), (35, 50, 2, 2))
    saliency = (large | half | speck).astype(float)
    np.testing.assert_array_equal(main_region(saliency, 0.5), large | half)
    assert not main_region(saliency, 2).any()


def test_components_are_separate_and_large_enough():
    first, second, speck = boxes((0, 0, 10, 10), (20, 20, 10, 5), (35, 50, 2, 2))
    found = components(first | second | speck, min_area=5)
    np.testing.assert_array_equal(found, [first, second])


def test_overlap():
    first, second = boxes((0, 0, 10, 10), (0, 5, 10, 10))
    assert overlap(first, second) == pytest.approx(50 / 150)
    assert overlap(first & False, second & False) == 0


def test_contrast_is_inside_minus_ring():
    mask, = boxes((10, 10, 10, 10))
    assert contrast(mask, mask * 0.8 + 0.1) == pytest.approx(0.8)
    assert contrast(mask, np.ones((40, 60))) == 0
    assert contrast(np.ones((40, 60), bool), np.ones((40, 60))) == 1


def test_duplicates_leave_the_best():
    masks = boxes((0, 0, 10, 10), (0, 0, 10, 9), (20, 20, 5, 5))
    assert without_duplicates(masks, [0.5, 0.9, 0.1], most=0.8) == [1, 2]
