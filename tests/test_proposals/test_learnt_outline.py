import numpy as np
import pytest
import torch

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask, encode_mask
from s2d_plugins.proposals import LearntOutline
from s2d_plugins.registry import TASK_UTILS

SIZE = (120, 160)


def made_clip(length=5):
    """A mottled body with two legs that walks over mottled ground to the right."""
    rng = np.random.default_rng(0)
    ground, skin = (np.repeat(np.repeat(rng.integers(low, low + 60, (60, 100, 3)), 2, 0), 2, 1)
                    .astype(np.uint8) for low in (40, 150))
    frames, truths = [], []
    for index in range(length):
        truth = np.zeros(SIZE, bool)
        left = 40 + 3 * index
        truth[40:70, left:left + 50] = True
        truth[70:95, left + 4:left + 12] = truth[70:95, left + 38:left + 46] = True
        frame = ground[:120, :160].copy()
        frame[truth] = np.roll(skin[:120], 3 * index, axis=1)[:, :160][truth]
        frames.append(frame)
        truths.append(truth)
    return np.stack(frames), truths


def body_only(truth):
    body = truth.copy()
    body[70:] = False
    return body


def iou(rle, truth):
    mask = decode_mask(rle)
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.fixture(scope='module')
def refiner():
    return LearntOutline()


def test_legs_come_back(refiner):
    frames, truths = made_clip()
    tube = dict(score=0.5, segmentations=[encode_mask(body_only(truth)) for truth in truths])
    tube['segmentations'][1] = None
    given = list(tube['segmentations'])
    redrawn, = refiner(frames, [tube])
    assert redrawn['score'] == 0.5 and redrawn['segmentations'][1] is None
    assert tube['segmentations'] == given
    for index in (0, 2, 3, 4):  # ends of the clip have neighbours on one side only
        assert iou(given[index], truths[index]) < 0.8
        assert iou(redrawn['segmentations'][index], truths[index]) > 0.85


def test_two_gaps_will_do():
    frames, truths = made_clip()
    tube = dict(segmentations=[encode_mask(body_only(truth)) for truth in truths])
    redrawn, = LearntOutline(gaps=(-1, 1))(frames, [tube])
    assert all(iou(rle, truth) > 0.85
               for rle, truth in zip(redrawn['segmentations'], truths, strict=True))


def clip_with_feet(length=5):
    """A body that sways by three pixels a frame on a foot that stands still; both are light."""
    rng = np.random.default_rng(0)
    ground, skin = (np.repeat(np.repeat(rng.integers(low, low + 40, (60, 100, 3)), 2, 0), 2, 1)
                    .astype(np.uint8) for low in (30, 190))
    foot = np.zeros(SIZE, bool)
    foot[85:94, 60:80] = True
    frames, bodies = [], []
    for index in range(length):
        body = np.zeros(SIZE, bool)
        body[35:85, 42 + 3 * index:92 + 3 * index] = True
        frame = ground[:120, :160].copy()
        frame[body] = np.roll(skin[:120], 3 * index, axis=1)[:, :160][body]
        frame[foot] = skin[:120, :160][foot]
        frames.append(frame)
        bodies.append(body)
    return np.stack(frames), bodies, foot


def test_colours_add_what_stands_still(refiner):
    frames, bodies, foot = clip_with_feet()
    tube = dict(segmentations=[encode_mask(body) for body in bodies])
    shares = []
    for one in (refiner, LearntOutline(colour_threshold=0.003)):
        masks = [decode_mask(rle) for rle in one(frames, [tube])[0]['segmentations']]
        shares.append(np.mean([mask[foot].mean() for mask in masks]))
        assert all((mask & ~foot & ~body).sum() < 0.1 * body.sum()
                   for mask, body in zip(masks, bodies, strict=True))
    assert shares[0] < 0.5 and shares[1] > 0.9


def test_masks_may_be_larger_than_frames(refiner):
    frames, truths = made_clip(3)
    large = np.kron(truths[1], np.ones((2, 2), bool))
    redrawn, = refiner(frames, [dict(segmentations=[None, encode_mask(large), None])])
    assert redrawn['segmentations'][1]['size'] == [240, 320]
    assert iou(redrawn['segmentations'][1], large) > 0.85


def test_what_cannot_be_judged_stays(refiner):
    frames, truths = made_clip(1)
    alone, empty = encode_mask(body_only(truths[0])), encode_mask(np.zeros(SIZE, bool))
    assert refiner(frames, [dict(segmentations=[alone])])[0]['segmentations'] == [alone]
    frames, _ = made_clip(2)
    assert refiner(frames, [dict(segmentations=[empty, None])])[0]['segmentations'][0] == empty
    surely = LearntOutline(threshold=1.0)  # nothing is as sure as that
    assert surely(frames, [dict(segmentations=[alone, None])])[0]['segmentations'][0] == alone


def test_frames_without_masks_are_not_read(refiner):
    class Unread:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            raise AssertionError(index)

    assert refiner(Unread(), [dict(segmentations=[None] * 3)])
    assert refiner(Unread(), []) == []


def test_every_frame_is_read_once(refiner):
    frames, truths = made_clip(12)
    held = []

    class Watched:
        def __len__(self):
            return len(frames)

        def __getitem__(self, index):
            held.append(index)
            return frames[index]

    refiner(Watched(), [dict(segmentations=[encode_mask(truth) for truth in truths])])
    assert sorted(held) == list(range(12))


def test_frames_of_some_pixels(refiner):
    rng = np.random.default_rng(0)
    frames, mask = rng.integers(0, 256, (4, 8, 8, 3), np.uint8), np.zeros((8, 8), bool)
    mask[2:6, 2:6] = True
    redrawn, = refiner(frames, [dict(segmentations=[encode_mask(mask)] * 4)])
    assert all(rle['size'] == [8, 8] and decode_mask(rle).any()
               for rle in redrawn['segmentations'])


@pytest.mark.parametrize('wrong', [dict(max_size=63), dict(threshold=2), dict(gaps=()),
                                   dict(gaps=(0, 1))])
def test_wrong_settings(wrong):
    with pytest.raises(S2DInputError, match='LearntOutline: expected'):
        LearntOutline(**wrong)


def test_wrong_weights(tmp_path):
    with pytest.raises(S2DInputError, match='nothing'):
        LearntOutline(str(tmp_path / 'nothing.pth'))
    torch.save(dict(state_dict={'conv.weight': torch.zeros(1)}), tmp_path / 'a.pth')
    with pytest.raises(S2DInputError, match='expected the weights of a MotionNetwork for 14 cues'):
        TASK_UTILS.build(dict(type='LearntOutline', weights=str(tmp_path / 'a.pth')))
