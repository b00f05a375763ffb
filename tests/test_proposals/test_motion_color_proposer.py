import cv2
import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.proposals import MotionColorProposer
from s2d_plugins.registry import MASK_PROPOSERS

SIZE = (96, 128)


def texture(rng, size, base, contrast=60):
    """A smooth random texture around a base colour."""
    noise = cv2.GaussianBlur(rng.normal(size=(*size, 3)).astype(np.float32), (0, 0), 1.5)
    return np.clip(np.array(base) + contrast * noise / noise.std() / 2, 0, 255).astype(np.uint8)


def scene(length, squares, pan=1, seed=0):
    """Textured squares over a textured background that pans.

    Args:
        length: Frames.
        squares: Per square (base colour, side, (x, y) in frame 0, (dx, dy) per frame).
        pan: Pixels per frame that the background moves to the left.

    Returns:
        Frames (T, H, W, 3) and masks (T, squares, H, W).
    """
    rng = np.random.default_rng(seed)
    background = texture(rng, (SIZE[0], SIZE[1] + pan * length), (90, 120, 90))
    patches = [texture(rng, (side, side), color) for color, side, _, _ in squares]
    frames = np.stack([background[:, pan * t:pan * t + SIZE[1]] for t in range(length)])
    masks = np.zeros((length, len(squares), *SIZE), bool)
    for t in range(length):
        for k, ((_, side, (x, y), (dx, dy)), patch) in enumerate(zip(squares, patches,
                                                                     strict=True)):
            box = np.s_[y + dy * t:y + dy * t + side, x + dx * t:x + dx * t + side]
            frames[t][box] = patch
            masks[t, k][box] = True
    return frames, masks


def iou(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


def top_masks(proposals):
    return [decode_mask(masks[0]['segmentation']) for masks in proposals]


RED = ((200, 60, 60), 30, (10, 30), (3, 1))


@pytest.fixture(scope='module')
def one_object():
    frames, truth = scene(16, [RED])
    return frames, truth[:, 0], MotionColorProposer().propose(frames)


def test_moving_square_over_panning_background(one_object):
    _, truth, proposals = one_object
    assert np.mean([iou(mask, square) for mask, square
                    in zip(top_masks(proposals), truth, strict=True)]) > 0.7


def test_scores_lie_in_range_and_fall(one_object):
    for masks in one_object[2]:
        scores = [mask['score'] for mask in masks]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_at_most_max_masks_and_no_near_duplicates(one_object):
    for masks in one_object[2]:
        decoded = [decode_mask(mask['segmentation']) for mask in masks]
        assert 1 <= len(decoded) <= 6
        for i, first in enumerate(decoded):
            assert all(iou(first, second) < 0.85 for second in decoded[i + 1:])


def test_same_frames_give_same_masks(one_object):
    frames, _, proposals = one_object
    assert MotionColorProposer().propose(frames) == proposals


def test_lazy_frames_are_enough_and_progress_is_told(one_object):
    frames, _, proposals = one_object

    class Lazy:
        def __len__(self):
            return len(frames)

        def __getitem__(self, index):
            assert isinstance(index, int)
            assert 0 <= index < len(frames)
            return frames[index]

    told = []
    assert MotionColorProposer().propose(Lazy(), lambda *state: told.append(state)) == proposals
    assert told == [(t + 1, 16) for t in range(16)]


def test_windows_join_without_jumps():
    frames, truth = scene(30, [((200, 60, 60), 30, (10, 30), (2, 1))])
    proposals = MotionColorProposer(window=12).propose(frames)
    values = [iou(mask, square) for mask, square
              in zip(top_masks(proposals), truth[:, 0], strict=True)]
    assert len(values) == 30
    assert min(values) > 0.5


def test_two_objects_give_two_masks():
    blue = ((60, 60, 210), 24, (90, 60), (-3, -1))
    frames, truth = scene(12, [((200, 60, 60), 30, (8, 8), (2, 1)), blue], pan=0)
    proposals = MotionColorProposer().propose(frames)
    for k in range(2):
        best = [max(iou(decode_mask(mask['segmentation']), square) for mask in masks)
                for masks, square in zip(proposals, truth[:, k], strict=True)]
        assert np.mean(best) > 0.6


def test_static_video_has_no_masks():
    frames, _ = scene(8, [((200, 60, 60), 30, (10, 30), (0, 0))], pan=0)
    assert MotionColorProposer().propose(frames) == [[]] * 8


@pytest.mark.parametrize('size', [(24, 32), (96, 128)])
@pytest.mark.parametrize('length', [1, 2])
def test_short_videos_and_tiny_frames(size, length):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (length, *size, 3), dtype=np.uint8)
    proposals = MotionColorProposer().propose(frames)
    assert len(proposals) == length
    for masks in proposals:
        assert all(mask['segmentation']['size'] == list(size) for mask in masks)


def test_flat_colour_is_no_motion():
    assert MotionColorProposer().propose(np.full((3, 32, 32, 3), 7, np.uint8)) == [[]] * 3


def test_comes_from_the_registry():
    assert MASK_PROPOSERS.build(dict(type='MotionColorProposer', max_size=200)).max_size == 200


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(gaps=(2, 3)), 'expected gaps'), (dict(gaps=()), 'expected gaps'),
    (dict(window=2), 'expected window')])
def test_bad_settings(settings, message):
    with pytest.raises(S2DInputError, match=message):
        MotionColorProposer(**settings)


def test_no_frames():
    with pytest.raises(S2DInputError, match='at least one frame'):
        MotionColorProposer().propose(np.zeros((0, 32, 32, 3), np.uint8))


def test_frames_that_are_no_images():
    with pytest.raises(S2DInputError, match=r'frame 0: expected an RGB image'):
        MotionColorProposer().propose(np.zeros((2, 32, 32), np.uint8))


def test_frames_of_different_size():
    frames = [np.zeros((32, 32, 3), np.uint8), np.zeros((32, 40, 3), np.uint8)]
    with pytest.raises(S2DInputError, match=r'frame 1: expected 32x32 as in frame 0, found 40x32'):
        MotionColorProposer().propose(frames)
