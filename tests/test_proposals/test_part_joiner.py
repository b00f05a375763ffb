import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.proposals import PartJoiner

FRAMES = 4


def box(left, right, top=10, bottom=30):
    mask = np.zeros((40, 60), bool)
    mask[top:bottom, left:right] = True
    return mask


def tube(*masks, **values):
    return dict(values, segmentations=[None if mask is None else encode_mask(mask)
                                       for mask in masks])


def joined(*tubes, **settings):
    return PartJoiner(**settings)([], list(tubes))


def masks_of(one):
    return [None if rle is None else decode_mask(rle) for rle in one['segmentations']]


def test_a_part_goes_to_the_whole():
    """Two thirds of the hand lie inside of the body: ten of its 15 columns."""
    body, hand = tube(*[box(10, 40)] * FRAMES, score=0.9), tube(*[box(30, 45, 12, 16)] * FRAMES)
    one, = joined(hand, body)
    assert one['score'] == 0.9
    assert all((mask == (box(10, 40) | box(30, 45, 12, 16))).all() for mask in masks_of(one))
    assert len(joined(hand, body, min_inside=0.67)) == 2
    assert len(joined(hand, body, min_inside=0.66)) == 1


def test_what_was_given_is_not_changed():
    body, hand = tube(*[box(10, 40)] * FRAMES), tube(*[box(30, 45)] * FRAMES)
    before = list(body['segmentations'])
    joined(body, hand)
    assert body['segmentations'] == before


def test_masks_of_a_part_without_the_whole_are_left_out():
    hand = box(30, 35)
    one, = joined(tube(box(10, 40), box(10, 40), None, None), tube(hand, None, hand, None),
                  min_inside=0.5)
    assert [mask is None for mask in masks_of(one)] == [False, False, True, True]


def test_a_few_frames_inside_make_no_part():
    """Inside in one frame of three: 0.33."""
    walker = box(0, 5)
    assert len(joined(tube(*[box(10, 40)] * FRAMES), tube(box(12, 17), walker, walker, None))) == 2


def test_frames_of_the_part_without_the_whole_count():
    """Wholly inside where both are seen, in two of its four frames."""
    body, hand = tube(box(10, 40), box(10, 40), None, None), tube(*[box(30, 35)] * FRAMES)
    assert len(joined(body, hand)) == 1
    assert len(joined(body, hand, min_inside=0.51)) == 2


def test_a_part_of_a_part():
    finger, hand = box(39, 44, 12, 14), box(38, 43, 12, 18)
    body = box(10, 41)  # holds 2 of the finger's 5 columns, 3 of the hand's 5
    one, = joined(*(tube(*[mask] * FRAMES) for mask in (body, finger, hand)))
    assert (masks_of(one)[0] == body | hand | finger).all()


def test_side_by_side_stay_in_their_order():
    tubes = [tube(*[box(10 * index, 10 * index + 9 - index)] * FRAMES, id=index)
             for index in range(4)]
    assert [one['id'] for one in joined(*tubes)] == [0, 1, 2, 3]


def test_twice_the_same_is_one():
    assert len(joined(tube(*[box(10, 40)] * FRAMES), tube(*[box(10, 40)] * FRAMES))) == 1


def test_nothing_to_join():
    assert joined() == []
    empty = tube(np.zeros((40, 60), bool), None)
    assert joined(empty, empty) == [empty, empty]


def test_no_share():
    with pytest.raises(S2DInputError, match='min_inside'):
        PartJoiner(min_inside=1.5)
