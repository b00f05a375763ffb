"""Keymasks: find the masks that are temporally coherent (S2D, arXiv 2512.14440)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import (
    check_config,
    check_count,
    check_flag,
    check_number,
    check_share,
    refuse,
)
from ..errors import S2DInputError
from ..motion.base_motion_prior import BaseMotionPrior
from ..registry import MOTION_PRIORS
from ..structures import Frames, KeymaskInstance, Progress
from ..video.lazy_frames import LazyFrames
from .frame_masks import FrameMasks
from .grouping import (
    VisibilityGroup,
    joins_several,
    match_labels,
    one_per_frame,
    share,
    visibility_groups,
)
from .points import mask_points
from .track_counts import TrackCounts, count_tracks
from .windows import join, plan_windows, shift


class KeymaskDiscovery:
    """Discovers keymasks: point tracks show which single-frame masks are one object.

    Masks that are seen in the same frames form a visibility group; within a group, masks whose
    points fall on the same other masks over time form an instance, and they are its keymasks.
    One set of tracks serves both. The defaults are the paper's.

    Args:
        motion_prior: A motion prior or its config.
        grid_size: Query points per side of the grid over the frame. A mask that no point falls
            in cannot be tracked and is left out.
        visible_share: A mask is seen in a frame if more than this share of its points is.
        visibility_eps: Hamming distance for grouping by visibility (DBSCAN).
        visibility_min_samples: Its number of neighbours that make a core.
        candidate_share: A mask takes part in matching if it is seen in more than this share of
            the visible range around its own frame.
        match_overlap: A match is an overlap above this.
        one2x_overlap: Overlap above which a mask counts towards the one-to-many flag.
        one2x_frames: Frames with more than one such mask that raise the flag.
        match_eps: Hamming distance for grouping by matches.
        match_eps_wide: The same for match matrices of more than ``wide_columns`` columns.
        wide_columns: See ``match_eps_wide``.
        match_min_samples: Number of neighbours that make a core when grouping by matches.
        match_min_samples_narrow: The same for fewer than ``narrow_columns`` columns.
        narrow_columns: See ``match_min_samples_narrow``.
        window: Videos of up to this many frames are handled whole, as in the paper; longer ones
            in overlapping windows whose instances are joined where they share keymasks. None
            handles every video whole: time and memory then grow with the square of its length.
        window_overlap: Frames that neighbouring windows share.
        match_visible_only: Count only visible points in overlaps (the paper counts all points
            in the frame, hidden or not).
        match_mutual: A match also needs an overlap above ``match_overlap`` the other way: points
            of the matched mask on the candidate. Parts of an object then no longer match the
            whole of it.
        candidates_only: Cluster the candidates alone; published is that all masks between the
            first and the last of them take part, the others as rows without a match. Alone,
            instances are purer and fewer sparse rows find neighbours.
        min_support: Leave out keymasks that fewer than this share of their instance's members
            match.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    def __init__(self, motion_prior: BaseMotionPrior | dict, *, grid_size: int = 50,
                 visible_share: float = 0.3, visibility_eps: float = 0.2,
                 visibility_min_samples: int = 5, candidate_share: float = 0.3,
                 match_overlap: float = 0.5, one2x_overlap: float = 0.25, one2x_frames: int = 5,
                 match_eps: float = 0.1, match_eps_wide: float = 0.05, wide_columns: int = 50,
                 match_min_samples: int = 5, match_min_samples_narrow: int = 3,
                 narrow_columns: int = 10, window: int | None = 300, window_overlap: int = 60,
                 match_visible_only: bool = False, match_mutual: bool = False,
                 candidates_only: bool = False, min_support: float = 0.0):
        check_count(self, grid_size=grid_size, low=2, high=255)
        check_share(self, visible_share=visible_share, candidate_share=candidate_share,
                    match_overlap=match_overlap, one2x_overlap=one2x_overlap,
                    min_support=min_support)
        check_number(self, visibility_eps=visibility_eps, match_eps=match_eps,
                     match_eps_wide=match_eps_wide, above=0, high=1)
        check_count(self, visibility_min_samples=visibility_min_samples,
                    match_min_samples=match_min_samples, one2x_frames=one2x_frames,
                    match_min_samples_narrow=match_min_samples_narrow)
        check_count(self, wide_columns=wide_columns, narrow_columns=narrow_columns, low=0)
        check_flag(self, match_visible_only=match_visible_only, match_mutual=match_mutual,
                   candidates_only=candidates_only)
        check_count(self, window=window, low=2, optional=True)
        if window is not None:
            check_count(self, window_overlap=window_overlap, high=window - 1)
        if isinstance(motion_prior, dict):
            check_config(self, motion_prior=motion_prior)
        prior = MOTION_PRIORS.build(motion_prior) if isinstance(motion_prior, dict) \
            else motion_prior
        if not callable(getattr(prior, 'stream', None)):
            raise refuse(self, 'motion_prior', motion_prior, 'a motion prior or its config')
        self.motion_prior: BaseMotionPrior = prior
        self.grid_size = grid_size
        self.visible_share = visible_share
        self.visibility: dict[str, Any] = dict(
            eps=visibility_eps, min_samples=visibility_min_samples,
            candidate_share=candidate_share)
        self.match_overlap = match_overlap
        self.one2x: dict[str, Any] = dict(overlap=one2x_overlap, min_frames=one2x_frames)
        self.match: dict[str, Any] = dict(
            eps=match_eps, eps_wide=match_eps_wide, wide_columns=wide_columns,
            min_samples=match_min_samples, min_samples_narrow=match_min_samples_narrow,
            narrow_columns=narrow_columns)
        self.window = window
        self.window_overlap = window_overlap
        self.match_visible_only = match_visible_only
        self.match_mutual = match_mutual
        self.candidates_only = candidates_only
        self.min_support = min_support

    def discover(self, frames: Frames, masks: Sequence,
                 progress: Progress | None = None) -> list[KeymaskInstance]:
        """Find the instances of one video.

        Args:
            frames: T frames (H, W, 3), RGB, uint8; only ``len`` and indexing are needed.
            masks: Id maps (T, H, W) or per frame a list of RLEs or bool masks; see
                :class:`FrameMasks`.
            progress: Called as ``progress(done, total)``.

        Returns:
            Instances in order of their first visible frame. Empty if nothing is coherent.

        Raises:
            S2DInputError: If masks do not fit the frames, are empty, or the prior's tracks are
                not usable; frame and mask are named.
        """
        if len(frames) == 0:
            raise S2DInputError('expected a video with frames, found none')
        if len(masks) != len(frames):
            raise S2DInputError(f'expected masks for {len(frames)} frames, found {len(masks)}; '
                                'make the masks from the same frames')
        size = tuple(frames[0].shape[:2])
        if 0 in size:
            raise S2DInputError(f'frame 0 is empty: {size[0]} x {size[1]} (height x width)')
        found: list[KeymaskInstance] = []
        windows = plan_windows(len(frames), self.window, self.window_overlap)
        for number, (start, stop) in enumerate(windows):
            inside = FrameMasks(masks[start:stop], size, first_frame=start)
            report = _scaled(progress, number, len(windows))
            new = self._discover_window(LazyFrames.of(frames, start, stop), inside, report)
            found = join(found, [shift(instance, start) for instance in new], start)
        if progress is not None:
            progress(len(windows) * _STEPS, len(windows) * _STEPS)
        return sorted(found, key=lambda instance: (instance.visibility_ranges, min(instance.masks)))

    def _discover_window(self, frames: Frames, masks: FrameMasks,
                         progress: Progress | None) -> list[KeymaskInstance]:
        points = mask_points(masks, self.grid_size)
        if len(points.queries) == 0:
            return []
        pieces = self.motion_prior.stream(frames, points.queries)
        counts = count_tracks(pieces, points, masks, self.match_visible_only, progress)
        visible = share(counts.visible, counts.num_points[:, None]) > self.visible_share
        groups = visibility_groups(visible, masks.frame_of, counts.num_points > 0,
                                   **self.visibility)
        return [instance for group in groups for instance in self._match(group, counts, masks)]

    def _match(self, group: VisibilityGroup, counts: TrackCounts,
               masks: FrameMasks) -> list[KeymaskInstance]:
        """Turn a visibility group into instances (steps 5 to 7)."""
        first, last = group.merged
        columns = np.arange(masks.first[first], masks.first[last + 1])
        frames = masks.frame_of[columns]
        candidates = group.candidates
        overlaps = share(counts.hits[candidates][:, columns],
                         counts.inside[candidates][:, frames])
        flagged = joins_several(overlaps, frames, **self.one2x)
        matches = overlaps > self.match_overlap
        if self.match_mutual:
            back = share(counts.hits[np.ix_(columns, candidates)],
                         counts.inside[np.ix_(columns, masks.frame_of[candidates])])
            matches &= self.match_overlap < back.T
        labels = match_labels(matches, **self.match,
                              numbers=None if self.candidates_only else candidates)
        instances = []
        for label in range(labels.max(initial=-1) + 1):
            rows = np.flatnonzero(labels == label)
            members = candidates[rows]
            votes = matches[np.ix_(rows, members - columns[0])].sum(axis=0)
            supported = share(votes, len(rows)) >= self.min_support
            members, votes = members[supported], votes[supported]
            if len(members) == 0:
                continue
            kept = members[one_per_frame(masks.frame_of[members], votes)]
            chosen = {int(masks.frame_of[mask]): int(mask - masks.first[masks.frame_of[mask]])
                      for mask in kept}
            instances.append(KeymaskInstance(chosen, float(flagged[rows].mean()),
                                             list(group.ranges)))
        return instances


_STEPS = 1000


def _scaled(progress: Progress | None, number: int, count: int) -> Progress | None:
    """Report the progress of one of several windows in thousandths of a window."""
    if progress is None:
        return None
    return lambda done, total: progress(number * _STEPS + done * _STEPS // max(total, 1),
                                        count * _STEPS)
