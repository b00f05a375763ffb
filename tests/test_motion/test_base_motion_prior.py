"""Track and stream, each made of the other."""

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.motion import BaseMotionPrior
from s2d_plugins.structures import PointTracks, TrackPiece

FRAMES = [np.zeros((4, 6, 3), np.uint8)] * 3
QUERIES = np.array([[2, 1, 1], [0, 5, 3], [1, 2, 0]], np.float32)  # not in order of frames


class Still(BaseMotionPrior):
    """Points stay where they are."""

    def track(self, frames, queries):
        xy = np.repeat(queries[None, :, 1:], len(frames), axis=0)
        return PointTracks(xy, np.ones(xy.shape[:2], bool))


class StillPieces(BaseMotionPrior):
    """The same, a frame at a time; queries come sorted."""

    def stream(self, frames, queries):
        assert (np.diff(queries[:, 0]) >= 0).all()
        for frame in range(len(frames)):
            yield TrackPiece(frame, slice(0, len(queries)), queries[:, 1:],
                             np.ones(len(queries), bool))


def test_tracks_come_in_the_order_of_the_queries():
    for prior in (Still(), StillPieces()):
        tracks = prior.track(FRAMES, QUERIES)
        assert tracks.visible.all()
        assert all((tracks.xy[frame] == QUERIES[:, 1:]).all() for frame in range(3))


def test_pieces_are_the_tracks():
    for piece in Still().stream(FRAMES, QUERIES):
        assert piece.points == slice(0, 3) and (piece.xy == QUERIES[:, 1:]).all()


def test_a_prior_needs_one_of_the_two():
    with pytest.raises(TypeError, match=r'Nothing must define track\(frames, queries\) or stream'):
        type('Nothing', (BaseMotionPrior,), {})


def test_tracks_of_another_length_are_named():
    class Short(Still):
        def track(self, frames, queries):
            return super().track(frames[1:], queries)

    with pytest.raises(S2DInputError, match=r'Short.track returned tracks of shape \(2, 3\)'):
        list(Short().stream(FRAMES, QUERIES))


@pytest.mark.parametrize(('queries', 'message'), [
    (np.zeros((2, 2)), r'expected queries \(P, 3\)'), ([[0, np.nan, 0]], 'row 0'),
    ([[0, 0, 0], [3, 0, 0]], 'query 1 starts in frame 3, but the video has 3 frames')])
def test_bad_queries(queries, message):
    with pytest.raises(S2DInputError, match=message):
        StillPieces().track(FRAMES, queries)
