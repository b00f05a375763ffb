"""Point tracks by chaining optical flow; how the flow is computed is left to subclasses."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import closing

import numpy as np

from ..arguments import check_count, check_number
from ..errors import S2DInputError
from ..structures import Frames, TrackPiece, in_frame
from .base_motion_prior import BaseMotionPrior, check_queries
from .flow_chaining import advance
from .flow_store import FlowStore


class BaseFlowPrior(BaseMotionPrior):
    """Chains forward and backward flow; both are computed once per pair of neighbouring frames.

    All points move together: a forward pass carries every point from its query frame to the end
    while the flows are computed, then a backward pass carries every point to the start. A point
    is visible while it stays in the frame and the forward-backward check holds; once lost it
    stays lost in that direction, because flow alone cannot find it again.

    Args:
        fb_alpha: Relative part of the forward-backward tolerance.
        fb_beta: Absolute part of it, in squared pixels of the frame.
        flow_memory: Bytes of flow held in memory between the passes; more goes to a temporary
            file.

    Raises:
        S2DInputError: If an argument is no number or out of its range.
    """

    def __init__(self, fb_alpha: float = 0.05, fb_beta: float = 2.0,
                 flow_memory: int = 512 * 2**20):
        check_number(self, fb_alpha=fb_alpha, fb_beta=fb_beta, low=0)
        check_count(self, flow_memory=flow_memory, low=0)
        self.fb_alpha = fb_alpha
        self.fb_beta = fb_beta
        self.flow_memory = flow_memory

    @abstractmethod
    def flows(self, frames: Frames) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for t = 0 .. T-2 the flows t to t+1 and t+1 to t.

        Each is (h, w, 2) float32 (dx, dy) in pixels of its own size, which may be smaller than
        the frame.
        """

    def stream(self, frames: Frames, queries: np.ndarray) -> Iterator[TrackPiece]:
        """See :meth:`BaseMotionPrior.stream`; holds one frame's positions and the flows."""
        queries = check_queries(queries, len(frames))
        starts = np.searchsorted(queries[:, 0], np.arange(len(frames) + 1))
        if np.any(np.diff(queries[:, 0]) < 0):
            raise S2DInputError('stream expects queries sorted by frame; track takes any order')
        if len(queries) == 0:
            return
        with closing(FlowStore(self.flow_memory)) as store:
            yield from self._forward(frames, queries, starts, store)
            yield from self._backward(frames[0].shape[:2], queries, starts, store)

    def _forward(self, frames, queries, starts, store) -> Iterator[TrackPiece]:
        size = frames[0].shape[:2]
        positions = _start_positions(queries, size)
        flows = iter(self.flows(frames)) if len(frames) > 1 else iter(())
        for frame in range(len(frames)):
            if frame > 0:
                forward, backward = next(flows)
                store.append(forward, backward)
                self._move(positions[:starts[frame]], forward, backward, size)
            yield _piece(frame, slice(0, int(starts[frame + 1])), positions)

    def _backward(self, size, queries, starts, store) -> Iterator[TrackPiece]:
        positions = _start_positions(queries, size)
        for frame in reversed(range(len(store))):
            forward, backward = store[frame]
            self._move(positions[starts[frame + 1]:], backward, forward, size)
            yield _piece(frame, slice(int(starts[frame + 1]), len(queries)), positions)

    def _move(self, positions: np.ndarray, flow, flow_back, size) -> None:
        """Advance the living points of a view (N, 2) in place; those lost become NaN."""
        alive = np.flatnonzero(np.isfinite(positions[:, 0]))
        moved, kept = advance(positions[alive], flow, flow_back, size, self.fb_alpha, self.fb_beta)
        moved[~kept] = np.nan
        positions[alive] = moved


def _start_positions(queries: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    positions = queries[:, 1:].copy()
    positions[~in_frame(positions, size)] = np.nan
    return positions


def _piece(frame: int, points: slice, positions: np.ndarray) -> TrackPiece:
    xy = positions[points].copy()
    return TrackPiece(frame, points, xy, np.isfinite(xy[:, 0]))
