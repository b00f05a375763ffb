import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.proposals import StrayRemover


def cleaned(mask, **settings):
    tube = dict(score=0.5, segmentations=[None, encode_mask(mask.astype(np.uint8))])
    result, = StrayRemover(**settings)([], [tube])
    assert result['segmentations'][0] is None and result['score'] == 0.5
    return decode_mask(result['segmentations'][1]).astype(bool)


@pytest.fixture()
def mask():
    """A body of 20 x 20 pixels, a near piece (gap 6), a far one (gap 16) and a near speck."""
    mask = np.zeros((60, 80), bool)
    mask[10:30, 10:30] = True
    mask[10:20, 35:45] = True
    mask[45:55, 10:20] = True
    mask[32:34, 10:12] = True
    return mask


def test_far_pieces_and_specks_go(mask):
    """Half the root of 400 is 10: a gap of 6 stays. A speck of 4 is less than 5 % of 400."""
    expected = mask.copy()
    expected[32:] = False
    assert (cleaned(mask) == expected).all()


def test_a_gap_is_measured_between_the_nearest_pixels(mask):
    """From column 29 to column 35 there are 6 pixels: 0.3 times 20."""
    assert cleaned(mask, max_distance=0.3)[15, 40]
    assert not cleaned(mask, max_distance=0.29)[15, 40]


def test_everything_may_stay(mask):
    assert (cleaned(mask, max_distance=10.0, min_share=0.0) == mask).all()


def test_pieces_that_touch_at_a_corner_are_one():
    mask = np.zeros((40, 40), bool)
    mask[:20, :20] = mask[20:22, 20:22] = True
    assert (cleaned(mask, max_distance=0.0) == mask).all()


def test_the_tubes_given_stay_as_they_are(mask):
    tube = dict(segmentations=[encode_mask(mask.astype(np.uint8))])
    before = dict(tube['segmentations'][0])
    StrayRemover()([], [tube])
    assert tube['segmentations'][0] == before


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 3), st.floats(0, 1))
def test_what_remains_was_there_and_holds_the_largest_piece(seed, distance, share):
    mask = np.random.default_rng(seed).random((12, 17)) < 0.4
    mask[3:6, 4:8] = True
    result = cleaned(mask, max_distance=distance, min_share=share)
    assert result.any() and not (result & ~mask).any()
    assert (cleaned(result, max_distance=distance, min_share=share) == result).all()


def test_settings_out_of_range_are_named():
    with pytest.raises(S2DInputError, match='max_distance'):
        StrayRemover(max_distance=-1)
    with pytest.raises(S2DInputError, match='min_share'):
        StrayRemover(min_share=1.5)
