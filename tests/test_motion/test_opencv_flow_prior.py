"""DIS tracks on pictures whose motion is known."""

import cv2
import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.motion import BaseMotionPrior, OpenCVFlowPrior
from s2d_plugins.registry import MOTION_PRIORS


def shifted_video(length, dx, dy, size=(96, 128)):
    """A smooth random texture that moves by (dx, dy) pixels per frame."""
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.uniform(0, 255, (400, 400, 3)).astype(np.float32), (0, 0), 2)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    frames = []
    for t in range(length):
        x, y = 150 - dx * t, 150 - dy * t
        frames.append(texture[y:y + size[0], x:x + size[1]])
    return np.stack(frames)


@pytest.fixture(scope='module')
def video():
    return shifted_video(8, 2, -1)


@pytest.mark.parametrize('max_size', [None, 64])
def test_follows_a_shift_both_ways(video, max_size):
    prior = MOTION_PRIORS.build({'type': 'OpenCVFlowPrior', 'max_size': max_size})
    tracks = prior.track(video, np.array([[3, 60, 50]], np.float32))
    steps = np.arange(8)[:, None] - 3
    expected = np.array([60, 50]) + steps * np.array([2, -1])
    assert tracks.visible.all()
    assert np.abs(tracks.xy[:, 0] - expected).max() < (0.5 if max_size is None else 1.5)
    assert tracks.xy[3, 0].tolist() == [60, 50]


def test_queries_in_any_order_give_the_same_tracks(video):
    rng = np.random.default_rng(1)
    queries = np.column_stack([rng.integers(0, 8, 30), rng.uniform(10, 80, (30, 2))])
    order = rng.permutation(30)
    prior = OpenCVFlowPrior()
    straight, mixed = prior.track(video, queries), prior.track(video, queries[order])
    np.testing.assert_array_equal(straight.xy[:, order], mixed.xy)
    np.testing.assert_array_equal(straight.visible[:, order], mixed.visible)


def test_leaving_the_frame_is_final():
    video = shifted_video(8, 5, 0)
    tracks = OpenCVFlowPrior().track(video, np.array([[0, 115, 50], [0, 20, 50]], np.float32))
    # Column 115 + 5 t leaves the 128 columns at t = 3; lost points have no position.
    assert tracks.visible[:, 0].tolist() == [True] * 3 + [False] * 5
    assert np.isnan(tracks.xy[3:, 0]).all()
    assert tracks.visible[:, 1].all()


def test_a_covered_point_is_lost(video):
    video = video[:1].repeat(6, axis=0).copy()
    for t in range(6):
        noise = np.random.default_rng(9).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        video[t, 30:70, 12 * t:12 * t + 40] = noise
    tracks = OpenCVFlowPrior().track(video, np.array([[0, 70, 50], [0, 120, 10]], np.float32))
    assert tracks.visible[:2, 0].all() and not tracks.visible[5, 0]
    assert tracks.visible[:, 1].all()


def test_flows_are_computed_once_per_pair_and_kept_on_disk(video, monkeypatch):
    calls = []

    class Counting(OpenCVFlowPrior):
        def flows(self, frames):
            for pair in super().flows(frames):
                calls.append(1)
                yield pair

    queries = np.array([[t, 60, 50] for t in range(8)], np.float32)
    in_memory = Counting().track(video, queries)
    on_disk = Counting(flow_memory=0).track(video, queries)
    assert len(calls) == 2 * 7
    np.testing.assert_array_equal(in_memory.xy, on_disk.xy)


def test_single_frame_and_no_queries(video):
    prior = OpenCVFlowPrior()
    assert prior.track(video[:1], np.array([[0, 5, 5]])).visible.tolist() == [[True]]
    assert prior.track(video, np.zeros((0, 3))).visible.shape == (8, 0)


def test_a_query_outside_the_frame_is_invisible(video):
    assert not OpenCVFlowPrior().track(video, np.array([[0, -5, 5]])).visible.any()


@pytest.mark.parametrize(('queries', 'message'), [
    (np.zeros((2, 2)), r'queries \(P, 3\)'),
    (np.array([[0, np.nan, 1]]), 'finite queries'),
    (np.array([[9, 1, 1]]), 'starts in frame 9, but the video has 8 frames'),
])
def test_bad_queries(video, queries, message):
    with pytest.raises(ValueError, match=message):
        OpenCVFlowPrior().track(video, queries)


def test_stream_wants_sorted_queries(video):
    with pytest.raises(ValueError, match='sorted by frame'):
        list(OpenCVFlowPrior().stream(video, np.array([[3, 5, 5], [1, 5, 5]])))


def test_frames_of_different_sizes_are_named(video):
    frames = [video[0], video[1][:50]]
    with pytest.raises(S2DInputError, match='frame 1 is 128x50 pixels, frame 0 is 128x96'):
        OpenCVFlowPrior().track(frames, np.array([[0, 5, 5]]))


@pytest.mark.parametrize('options', [{'preset': 'slow'}, {'max_size': 8}])
def test_bad_options(options):
    with pytest.raises(S2DInputError, match='OpenCVFlowPrior: expected'):
        OpenCVFlowPrior(**options)


def test_default_stream_checks_what_track_returns(video):
    class Short(BaseMotionPrior):
        def track(self, frames, queries):
            return OpenCVFlowPrior().track(frames[:4], queries)

    with pytest.raises(ValueError, match=r'Short.track returned tracks of shape \(4, 1\)'):
        list(Short().stream(video, np.array([[0, 5, 5]])))


def test_smallest_working_size():
    assert OpenCVFlowPrior(max_size=16).max_size == 16
    assert OpenCVFlowPrior(max_size=None).max_size is None
    with pytest.raises(S2DInputError, match='max_size to be .* at least 16 or None, found 15'):
        OpenCVFlowPrior(max_size=15)
