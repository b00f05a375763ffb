"""The extension point for trackers: frames and query points in, point tracks out."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import S2DInputError, one_line
from ..structures import Frames, PointTracks, TrackPiece


class BaseMotionPrior:
    """Follows points through a video. A subclass needs :meth:`track` or :meth:`stream`.

    Each is by default made of the other: a prior that has all tracks at once writes
    :meth:`track`, one that gets them frame by frame or chunk by chunk writes :meth:`stream`, and
    never holds all of them.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.track is BaseMotionPrior.track and cls.stream is BaseMotionPrior.stream:
            raise TypeError(f'{cls.__name__} must define track(frames, queries) or '
                            'stream(frames, queries)')

    def track(self, frames: Frames, queries: np.ndarray) -> PointTracks:
        """Track every query through all frames, forward and backward.

        Args:
            frames: T frames (H, W, 3), RGB, uint8; they may be read lazily.
            queries: (P, 3) float32 rows (frame, x, y) in any order; pixel coordinates, the
                centre of the top-left pixel is (0, 0).

        Returns:
            Tracks in the order of the queries. A point that is believed to be hidden keeps its
            estimated position and is not visible; a point that is lost has the position NaN and
            is not visible.
        """
        queries = check_queries(queries, len(frames))
        order = np.argsort(queries[:, 0], kind='stable')
        xy = np.full((len(frames), len(queries), 2), np.nan, np.float32)
        visible = np.zeros((len(frames), len(queries)), bool)
        for piece in self.stream(frames, queries[order]):
            xy[piece.frame, order[piece.points]] = piece.xy
            visible[piece.frame, order[piece.points]] = piece.visible
        return PointTracks(xy, visible)

    def stream(self, frames: Frames, queries: np.ndarray) -> Iterator[TrackPiece]:
        """Yield the tracks piece by piece, each (frame, query) pair exactly once, in any order.

        Discovery reads tracks this way.

        Args:
            frames: As for :meth:`track`.
            queries: As for :meth:`track`, but sorted by frame.
        """
        tracks = self.track(frames, queries)
        if tracks.visible.shape != (len(frames), len(queries)):
            raise S2DInputError(f'{type(self).__name__}.track returned tracks of shape '
                                f'{tracks.visible.shape}, expected {len(frames)} frames x '
                                f'{len(queries)} points; correct its track')
        points = slice(0, len(queries))
        for frame in range(len(frames)):
            yield TrackPiece(frame, points, tracks.xy[frame], tracks.visible[frame])

    def check_ready(self) -> None:  # noqa: B027  most priors need nothing
        """Check, before a long run, that the code and weights of the prior are there.

        Raises:
            S2DInputError: Says what is missing and how to get it.
        """

    def release(self) -> None:
        """Free what the prior holds, such as a model on a GPU; it may be used again later."""


def check_queries(queries: np.ndarray, num_frames: int) -> np.ndarray:
    """Return the queries as float32 (P, 3).

    Raises:
        S2DInputError: If the shape is another, a value is no finite number, or a query frame
            does not exist.
    """
    try:
        queries = np.asarray(queries, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise S2DInputError('expected queries (P, 3) with rows (frame, x, y), found what is no '
                            f'array of numbers ({one_line(error)})') from error
    if queries.ndim != 2 or queries.shape[1] != 3:
        raise S2DInputError('expected queries (P, 3) with rows (frame, x, y), found the shape '
                            f'{queries.shape}')
    if not np.isfinite(queries).all():
        raise S2DInputError('expected finite queries, found NaN or infinity in row '
                            f'{int(np.argwhere(~np.isfinite(queries))[0, 0])}')
    wrong = (queries[:, 0] < 0) | (queries[:, 0] >= num_frames)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise S2DInputError(f'query {row} starts in frame {queries[row, 0]:g}, but the video has '
                            f'{num_frames} frames')
    return queries
