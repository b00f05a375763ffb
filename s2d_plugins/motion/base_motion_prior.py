"""The extension point for trackers: frames and query points in, point tracks out."""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator

import numpy as np

from ..structures import Frames, PointTracks, TrackPiece


class BaseMotionPrior(metaclass=ABCMeta):
    """Follows points through a video. A subclass needs :meth:`track` and nothing else."""

    @abstractmethod
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

    def stream(self, frames: Frames, queries: np.ndarray) -> Iterator[TrackPiece]:
        """Yield the tracks piece by piece, each (frame, query) pair exactly once, in any order.

        Discovery reads tracks this way, so that a prior which overrides this method never has
        all T x P positions in memory. This default hands out what :meth:`track` returns.

        Args:
            frames: As for :meth:`track`.
            queries: As for :meth:`track`, but sorted by frame.
        """
        tracks = self.track(frames, queries)
        if tracks.visible.shape != (len(frames), len(queries)):
            raise ValueError(f'{type(self).__name__}.track returned tracks of shape '
                             f'{tracks.visible.shape}, expected {len(frames)} frames x '
                             f'{len(queries)} points')
        points = slice(0, len(queries))
        for frame in range(len(frames)):
            yield TrackPiece(frame, points, tracks.xy[frame], tracks.visible[frame])

    def release(self) -> None:  # noqa: B027  most priors hold nothing
        """Free what the prior holds, such as a model on a GPU; it may be used again later."""


def check_queries(queries: np.ndarray, num_frames: int) -> np.ndarray:
    """Return the queries as float32 (P, 3).

    Raises:
        ValueError: If the shape is another, a value is not finite, or a query frame does not
            exist.
    """
    queries = np.asarray(queries, dtype=np.float32)
    if queries.ndim != 2 or queries.shape[1] != 3:
        raise ValueError(f'expected queries (P, 3) with rows (frame, x, y), found {queries.shape}')
    if not np.isfinite(queries).all():
        raise ValueError('expected finite queries, found NaN or infinity in row '
                         f'{int(np.argwhere(~np.isfinite(queries))[0, 0])}')
    wrong = (queries[:, 0] < 0) | (queries[:, 0] >= num_frames)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f'query {row} starts in frame {queries[row, 0]:g}, but the video has '
                         f'{num_frames} frames')
    return queries
