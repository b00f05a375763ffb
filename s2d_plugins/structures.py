"""Containers that the stages exchange, and how a point is a pixel.

Containers check their content on construction.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from .arguments import check_share, check_type, refuse
from .errors import S2DInputError

#: Called with (done, in all) while something long runs.
Progress = Callable[[int, int], None]


class Frames(Protocol):
    """The frames of a video as every stage takes them: a list, an array or a lazily read video.

    ``len(frames)`` is their number and ``frames[i]`` one frame, (H, W, 3) uint8 RGB. Nothing else
    is asked of them: no slices, no iteration.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> np.ndarray: ...


@dataclass(frozen=True)
class PointTracks:
    """Positions of P points over T frames, as a motion prior returns them.

    Attributes:
        xy: (T, P, 2) float32 pixel coordinates (x, y); the centre of the top-left pixel is (0, 0).
        visible: (T, P) bool; True where the prior believes that the point is seen. Where it is
            False, a point that is only hidden keeps its estimated ``xy`` and a lost one is NaN.

    Raises:
        S2DInputError: If they are no such arrays, the shapes disagree or a visible point is not
            finite.
    """

    xy: np.ndarray
    visible: np.ndarray

    def __post_init__(self) -> None:
        check_type(self, np.ndarray, 'an array', xy=self.xy, visible=self.visible)
        if self.xy.ndim != 3 or self.xy.shape[2] != 2 or self.xy.shape[:2] != self.visible.shape:
            raise S2DInputError('PointTracks expects xy (T, P, 2) and visible (T, P), found '
                                f'{self.xy.shape} and {self.visible.shape}')
        if self.visible.dtype != np.bool_:
            raise refuse(self, 'visible', self.visible.dtype, 'an array of bool')
        if not np.issubdtype(self.xy.dtype, np.floating):
            raise refuse(self, 'xy', self.xy.dtype, 'an array of floats')
        bad = self.visible & ~np.isfinite(self.xy).all(axis=2)
        if bad.any():
            frame, point = np.argwhere(bad)[0]
            raise S2DInputError(f'PointTracks: point {point} is visible in frame {frame} but its '
                                f'position is {self.xy[frame, point].tolist()}; a prior must mark '
                                'points it cannot place as invisible')

    def __len__(self) -> int:
        return self.xy.shape[0]


class TrackPiece(NamedTuple):
    """Tracks of a run of query points in one frame.

    Attributes:
        frame: Frame number.
        points: Which queries, as a slice with start and stop.
        xy: (N, 2) float32 pixel coordinates (x, y); not a number where the point is lost.
        visible: (N,) bool.
    """

    frame: int
    points: slice
    xy: np.ndarray
    visible: np.ndarray


@dataclass
class KeymaskInstance:
    """One discovered object of a video (one cluster of matching masks).

    Attributes:
        masks: Frame number to position of the instance's keymask in that frame's mask list.
        one2x: Share of members flagged as joining several objects, 0 to 1.
        visibility_ranges: Runs of frames, first and last inclusive, in which it is visible.

    Raises:
        S2DInputError: If ``masks`` is no dict or ``one2x`` no share.
    """

    masks: dict[int, int]
    one2x: float = 0.0
    visibility_ranges: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_type(self, dict, 'a dict of frame to position', masks=self.masks)
        check_share(self, one2x=self.one2x)


def pixel_of(xy: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Find the pixel under each point.

    Args:
        xy: (N, 2) positions; NaN is allowed.
        size: (H, W) of the frame.

    Returns:
        Whether each point lies in the frame (N,), and its pixel (N,) counted column by column
        as in RLEs, ``x * height + y``; meaningless for points outside.
    """
    height, width = size
    inside = in_frame(xy, size)
    nearest = np.rint(np.where(inside[:, None], xy, 0)).astype(np.int64)
    return inside, nearest[:, 0] * height + nearest[:, 1]


def in_frame(xy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Say whether the pixel nearest to each point (N, 2) exists; not so for NaN."""
    x, y = np.rint(xy[:, 0]), np.rint(xy[:, 1])
    return (x >= 0) & (x < size[1]) & (y >= 0) & (y < size[0])
