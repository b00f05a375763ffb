import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.proposals import EdgeRefiner

SIZE = (96, 128)


def made_frames(length=2):
    """A red square of 32 pixels on grey grain."""
    rng = np.random.default_rng(0)
    frames = rng.integers(60, 90, (length, *SIZE, 3)).astype(np.uint8)
    frames[:, 32:64, 48:80] += np.array([140, 0, 0], np.uint8)
    truth = np.zeros(SIZE, bool)
    truth[32:64, 48:80] = True
    return frames, truth


def mask_of(rows, columns, size=SIZE):
    mask = np.zeros(size, np.uint8)
    mask[slice(*rows), slice(*columns)] = 1
    return mask


def iou(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


def test_outlines_move_to_the_edges():
    frames, truth = made_frames()
    rough = mask_of((29, 61), (50, 84))  # two to four pixels off on every side
    tube = dict(score=0.7, segmentations=[encode_mask(rough), None])
    refined, = EdgeRefiner(max_size=128)(frames, [tube])
    assert refined['score'] == 0.7 and refined['segmentations'][1] is None
    assert iou(rough > 0, truth) < 0.75
    assert iou(decode_mask(refined['segmentations'][0]), truth) > 0.93
    assert tube['segmentations'][0] == encode_mask(rough)  # what was given is as it was


def test_masks_keep_their_own_size():
    frames, _ = made_frames(1)
    tube = dict(segmentations=[encode_mask(mask_of((56, 120), (100, 170), (192, 256)))])
    refined, = EdgeRefiner(max_size=128)(frames, [tube])
    truth = mask_of((64, 128), (96, 160), (192, 256)) > 0
    assert refined['segmentations'][0]['size'] == [192, 256]
    assert iou(decode_mask(refined['segmentations'][0]), truth) > 0.9


def test_where_there_is_no_edge_nothing_is_lost():
    frames = np.full((1, *SIZE, 3), 80, np.uint8)
    speck = encode_mask(mask_of((40, 42), (40, 42)))
    refined, = EdgeRefiner(max_size=64)(frames, [dict(segmentations=[speck])])
    assert refined['segmentations'][0] == speck


def test_frames_without_masks_are_not_read():
    class Unread:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            raise AssertionError(index)

    assert EdgeRefiner()(Unread(), [dict(segmentations=[None] * 3)])
    assert EdgeRefiner()(Unread(), []) == []


@pytest.mark.parametrize('wrong', [dict(max_size=63), dict(softness=0)])
def test_wrong_settings(wrong):
    with pytest.raises(S2DInputError, match='EdgeRefiner: expected'):
        EdgeRefiner(**wrong)
