"""Votes on masks, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks import MaskVote
from s2d_plugins.keymasks.mask_vote import masks_per_frame
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.registry import TASK_UTILS


def row(text):
    """A mask of one row: '#' is set."""
    return encode_mask(np.array([[letter == '#' for letter in text]]))


def drawn(rle):
    return None if rle is None else ''.join('#' if pixel else '.' for pixel in decode_mask(rle)[0])


def vote(own, *looks, **settings):
    tube, = MaskVote(**settings)([dict(score=0.5, segmentations=[row(own)])],
                                 [[[row(mask) for mask in look]] for look in looks])
    assert tube['score'] == 0.5
    return drawn(tube['segmentations'][0])


def test_pixels_that_two_looks_hold():
    assert vote('####....', ['..####..'], ['...###..']) == '..####..'
    assert vote('####....', ['..####..'], ['...###..'], min_votes=3) == '...#....'
    assert vote('####....', ['..####..']) == '..##....'  # two look, so both must
    assert vote('####....', ['..####..'], min_votes=1) == '######..'


def test_of_each_look_the_mask_that_overlaps_most_votes():
    assert vote('####....', ['......##', '.####...', '#.......']) == '.###....'
    assert vote('####....', ['......##', '#.......'], min_iou=0.5) == '####....'  # nobody looks
    assert vote('####....', [], ['####....']) == '####....'
    assert vote('####....') == '####....'


def test_frames_in_which_a_tube_is_not_seen_stay_so():
    tube, = MaskVote()([dict(segmentations=[None, row('##..')])],
                       [[[row('##..')], [row('.##.')]]])
    assert [drawn(rle) for rle in tube['segmentations']] == [None, '.#..']


def test_tubes_as_a_look():
    tubes = [dict(segmentations=[row('#.'), None]), dict(segmentations=[row('.#'), row('##')])]
    assert [[drawn(rle) for rle in frame] for frame in masks_per_frame(tubes, 2)] == [
        ['#.', '.#'], ['##']]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 2**12 - 1), min_size=1, max_size=4), st.integers(1, 4))
def test_votes_lie_between_what_all_and_what_any_hold(bits, min_votes):
    masks = [np.array([bit >> place & 1 for place in range(12)], bool).reshape(3, 4)
             for bit in bits]
    own, *others = map(encode_mask, masks)
    tube, = MaskVote(min_votes, 0.0)([dict(segmentations=[own])],
                                     [[[other]] for other in others])
    found = tube['segmentations'][0]
    found = np.zeros((3, 4), bool) if found is None else decode_mask(found)
    looking = [masks[0], *(mask for mask in masks[1:] if (mask & masks[0]).any())]
    votes = np.sum(looking, axis=0)
    np.testing.assert_array_equal(found, votes >= min(min_votes, len(looking)))


def test_by_its_name_and_wrong_settings():
    assert isinstance(TASK_UTILS.build(dict(type='MaskVote')), MaskVote)
    with pytest.raises(S2DInputError, match='MaskVote: expected min_votes to be an integer'):
        MaskVote(min_votes=0)
