"""CoTrackerPrior with a stand-in for the cotracker package."""

import sys
import types

import numpy as np
import pytest
import torch

from s2d_plugins.errors import S2DInputError
from s2d_plugins.motion import CoTrackerPrior
from s2d_plugins.motion.cotracker_prior import clean_tracks

SIZE = (36, 48)
SPEED = 2.0  # pixels of the frame that everything moves to the right per frame


class FakeModel(torch.nn.Module):
    """Encodes frames to their mean, counting them; keeps online state like CoTracker's."""

    def __init__(self):
        super().__init__()
        self.fnet = torch.nn.Conv2d(3, 2, 1)
        self.encoded = 0
        self.fnet.register_forward_hook(self._count)

    def _count(self, module, inputs, output):
        self.encoded += len(inputs[0])


class FakeOffline(torch.nn.Module):
    """Moves points by ``SPEED``; before the query frame it repeats the query unless backward."""

    interp_shape = (72, 96)

    def __init__(self, checkpoint=None, offline=True, v2=False, window_len=60):
        super().__init__()
        assert checkpoint is None and offline and not v2
        self.model, self.calls, self.window_len = FakeModel(), [], window_len

    def forward(self, video, queries, backward_tracking):
        self.calls.append(queries.clone())
        self.model.fnet(video[0])
        if backward_tracking:
            self.model.fnet(video[0].flip(0))
        step = SPEED * (self.interp_shape[1] - 1) / (SIZE[1] - 1)
        frames = torch.arange(video.shape[1])[:, None]
        moved = (frames - queries[0, :, 0]) * step
        if not backward_tracking:
            moved = moved.clamp(min=0)
        xy = queries[:, None, :, 1:].repeat(1, video.shape[1], 1, 1)
        xy[0, ..., 0] += moved
        xy[0, ..., 0] = xy[0, ..., 0].clamp(max=95.0)  # sticks to the border
        return xy, torch.ones(xy.shape[:3], dtype=torch.bool)


class FakeOnline(torch.nn.Module):
    """The same motion, handed out window by window."""

    interp_shape = (72, 96)
    step = 3

    def __init__(self, checkpoint=None, offline=False, v2=False, window_len=16):
        super().__init__()
        self.model, self.windows = FakeModel(), []

    def forward(self, video_chunk, is_first_step=False, queries=None):
        if is_first_step:
            self.queries, self.seen, self.first = queries, 0, None
            self.direction = 1 if video_chunk[0, 0].mean() < video_chunk[0, 1].mean() else -1
            return None, None
        self.model.fnet(video_chunk[0])
        assert video_chunk.shape[1] == 2 * self.step
        self.windows.append(self.seen)
        self.seen += self.step
        step = self.direction * SPEED * (self.interp_shape[1] - 1) / (SIZE[1] - 1)
        frames = torch.arange(self.seen + self.step)[:, None]
        xy = self.queries[:, None, :, 1:].repeat(1, len(frames), 1, 1)
        xy[0, ..., 0] += (frames - self.queries[0, :, 0]) * step
        return xy, torch.ones(*xy.shape[:3], 1, dtype=torch.bool)


@pytest.fixture
def cotracker(monkeypatch, tmp_path):
    """Installs the stand-in; gives the path of its weights."""
    package = types.ModuleType('cotracker')
    package.__spec__ = types.SimpleNamespace(name='cotracker')
    predictor = types.ModuleType('cotracker.predictor')
    predictor.CoTrackerPredictor, predictor.CoTrackerOnlinePredictor = FakeOffline, FakeOnline
    monkeypatch.setitem(sys.modules, 'cotracker', package)
    monkeypatch.setitem(sys.modules, 'cotracker.predictor', predictor)
    path = tmp_path / 'weights.pth'
    torch.save({'model': FakeModel().state_dict()}, path)
    return str(path)


@pytest.fixture
def video():
    """Seven frames that get brighter, so that the direction of time can be seen."""
    frames = np.zeros((7, *SIZE, 3), np.uint8)
    frames += np.arange(10, 80, 10, dtype=np.uint8)[:, None, None, None]
    return frames


QUERIES = np.array([[3, 20, 10], [0, 5, 5], [6, 30, 20], [3, 10, 30]], np.float32)


def expected_x(query):
    return query[1] + SPEED * (np.arange(7) - query[0])


@pytest.mark.parametrize('mode', ['offline', 'online'])
def test_tracks_in_pixels_of_the_frame(cotracker, video, mode):
    tracks = CoTrackerPrior(mode, cotracker, max_points=3).track(video, QUERIES)
    for point, query in enumerate(QUERIES):
        x = expected_x(query)
        inside = (x >= 1) & (x <= SIZE[1] - 2)
        np.testing.assert_allclose(tracks.xy[inside, point, 0], x[inside], atol=1e-3)
        np.testing.assert_array_equal(tracks.visible[:, point], inside)


def test_each_frame_is_encoded_once(cotracker, video):
    prior = CoTrackerPrior('offline', cotracker, max_points=1)
    prior.track(video, QUERIES)
    assert len(prior.predictor.calls) == 4
    assert prior.predictor.model.encoded == 7
    assert isinstance(prior.predictor.model.fnet, torch.nn.Conv2d)


@pytest.mark.parametrize(('options', 'chunks'), [
    ({'max_points': 3}, [3, 1]), ({'max_points': 100}, [4]),
    ({'max_points': 100, 'per_frame': True}, [1, 2, 1]),
    ({'max_points': 1, 'per_frame': True}, [1, 1, 1, 1])])
def test_chunks_under_the_point_budget(cotracker, video, options, chunks):
    prior = CoTrackerPrior('offline', cotracker, **options)
    prior.track(video, QUERIES)
    assert [call.shape[1] for call in prior.predictor.calls] == chunks


def test_nothing_is_known_before_the_query_without_backward_tracking(cotracker, video):
    tracks = CoTrackerPrior('offline', cotracker, backward=False).track(video, QUERIES)
    assert not tracks.visible[:3, 0].any() and np.isnan(tracks.xy[:3, 0]).all()
    assert tracks.visible[3:, 0].all()


def test_online_windows_cover_the_video(cotracker, video):
    prior = CoTrackerPrior('online', cotracker, backward=False)
    prior.track(video, QUERIES)
    # 7 frames in windows of 6 that advance by 3: frames 0 to 8, of which two are made up
    assert prior.predictor.windows == [0, 3]


def test_border_and_outside_by_hand():
    xy = np.array([[[0.2, 5]], [[5, 5]], [[60, 5]], [[np.nan, 5]], [[47, 5]]], np.float32)
    visible = np.ones((5, 1), bool)
    cleaned, seen = clean_tracks(xy, visible, np.array([[1, 5, 5]]), SIZE, 1.0, True)
    assert seen[:, 0].tolist() == [False, True, False, False, False]
    # stuck and NaN positions are lost; a position outside the frame is kept
    assert np.isnan(cleaned[:, 0, 0]).tolist() == [True, False, False, True, True]
    # published: what lies at the border is kept
    cleaned, seen = clean_tracks(xy, visible, np.array([[1, 5, 5]]), SIZE, 0.0, True)
    assert seen[:, 0].tolist() == [True, True, False, False, True]
    assert CoTrackerPrior().border == 0


def test_no_queries(cotracker, video):
    tracks = CoTrackerPrior('offline', cotracker).track(video, np.zeros((0, 3)))
    assert tracks.visible.shape == (7, 0)


def test_missing_package_and_hub(monkeypatch, video, tmp_path):
    torch.save({}, tmp_path / 'weights.pth')
    with pytest.raises(S2DInputError, match='package cotracker is missing; install it with'):
        CoTrackerPrior(checkpoint=str(tmp_path / 'weights.pth')).track(video, QUERIES)
    with pytest.raises(S2DInputError, match='package cotracker is missing; install it with'):
        CoTrackerPrior(checkpoint='s2d://cotracker3_offline').check_ready()

    def offline(*args, **kwargs):
        raise OSError('no network')
    monkeypatch.setattr(torch.hub, 'load', offline)
    with pytest.raises(S2DInputError, match='torch.hub cannot load .*no network'):
        CoTrackerPrior().track(video, QUERIES)


@pytest.mark.parametrize('options', [{'mode': 'fast'}, {'max_points': 0}])
def test_bad_options(options):
    with pytest.raises(S2DInputError, match='CoTrackerPrior: expected'):
        CoTrackerPrior(**options)
