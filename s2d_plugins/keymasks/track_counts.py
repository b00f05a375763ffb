"""Counting where each mask's points are seen and which masks they fall on (steps 2, 3 and 5)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import S2DInputError
from ..structures import TrackPiece, pixel_of
from .frame_masks import FrameMasks
from .points import MaskPoints


@dataclass(frozen=True)
class TrackCounts:
    """All that discovery needs to know of the tracks, for M masks in T frames.

    Attributes:
        num_points: (M,) points of each mask.
        visible: (M, T) points that the prior sees in the frame.
        inside: (M, T) points whose position lies in the frame, seen or hidden.
        hits: (M, M) points of mask m that fall on mask n in n's frame; masks by running number.
    """

    num_points: np.ndarray
    visible: np.ndarray
    inside: np.ndarray
    hits: np.ndarray


def count_tracks(pieces: Iterable[TrackPiece], points: MaskPoints, masks: FrameMasks,
                 visible_only: bool, progress: Callable[[int, int], None] | None) -> TrackCounts:
    """Reduce a stream of tracks to counts per mask; the tracks themselves are never all held.

    Args:
        pieces: Tracks of ``points.queries``; each (frame, query) pair once.
        points: Query points and their masks.
        masks: The masks of the video.
        visible_only: Count only visible points as inside.
        progress: Called with the share done as (done, total).

    Raises:
        S2DInputError: If a visible point has no finite position.
    """
    total, length = masks.total, len(masks)
    visible = np.zeros((total, length), np.int32)
    inside = np.zeros((total, length), np.int32)
    # A grid of up to 255 x 255 points fits 16 bits.
    hits = np.zeros((total, total), np.uint16)
    work, done = length * len(points.queries), 0
    for piece in pieces:
        _check_piece(piece)
        rows = points.membership[piece.points]
        in_frame, pixel = pixel_of(piece.xy, masks.size)
        seen = piece.visible & in_frame
        counted = seen if visible_only else in_frame
        on_mask = masks.lookup(piece.frame, pixel[counted])
        columns = slice(masks.first[piece.frame], masks.first[piece.frame + 1])
        visible[:, piece.frame] += _per_mask(rows, seen)
        inside[:, piece.frame] += _per_mask(rows, counted)
        hits[:, columns] += _per_mask(rows[counted], on_mask).astype(np.uint16)
        done += len(piece.visible)
        if progress is not None:
            progress(done, work)
    return TrackCounts(points.num_points, visible, inside, hits)


def _per_mask(rows, values: np.ndarray) -> np.ndarray:
    """Sum (N,) or (N, n) values of points over their masks: (M,) or (M, n) integers."""
    return np.asarray(rows.T @ values.astype(np.float32)).astype(np.int32)


def _check_piece(piece: TrackPiece) -> None:
    bad = piece.visible & ~np.isfinite(piece.xy).all(axis=1)
    if bad.any():
        point = piece.points.start + int(np.flatnonzero(bad)[0])
        raise S2DInputError(f'frame {piece.frame}: the motion prior says point {point} is visible '
                            'but gives it no finite position; mark points that are lost as '
                            'invisible')
