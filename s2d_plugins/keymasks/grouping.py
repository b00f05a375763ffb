"""From counts to instances: the decisions of keymask discovery as pure functions (steps 3 to 7).

M masks in T frames; ``frame_of`` (M,) is the frame of each mask. Shares are compared in float64,
so that a share of exactly the threshold is not above it.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import DBSCAN


@dataclass(frozen=True)
class VisibilityGroup:
    """Masks that are seen in the same frames (step 4).

    Attributes:
        ranges: Runs of visible frames, first and last inclusive, in order.
        candidates: Running numbers of the masks that take part in matching, sorted.
    """

    ranges: list[tuple[int, int]]
    candidates: np.ndarray

    @property
    def merged(self) -> tuple[int, int]:
        """First and last frame of all ranges together."""
        return self.ranges[0][0], self.ranges[-1][1]


def share(part: np.ndarray, whole: np.ndarray | int) -> np.ndarray:
    """Divide counts; 0 where there is nothing to count."""
    part = np.asarray(part, dtype=np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=np.asarray(whole) > 0)


def cluster(rows: np.ndarray, eps: float, min_samples: int,
            times: np.ndarray | None = None) -> np.ndarray:
    """Group binary rows with DBSCAN under the Hamming distance (share of differing columns).

    Args:
        rows: (N, C) bool.
        eps: Largest distance of neighbours.
        min_samples: Neighbours that make a core.
        times: (N,) how often each row is there; by default once.

    Returns:
        (N,) labels from 0; -1 is noise.
    """
    if len(rows) == 0:
        return np.zeros(0, dtype=np.int64)
    # Differing columns by matrix product: exact integers in float32, and far faster than pairs.
    values = rows.astype(np.float32)
    ones = values.sum(axis=1)
    differing = values @ values.T
    differing *= -2
    differing += ones[:, None]
    differing += ones[None, :]
    columns = rows.shape[1]
    allowed = max(count for count in range(columns + 1) if count / columns <= eps)
    return DBSCAN(eps=max(allowed, 0.5), min_samples=min_samples,
                  metric='precomputed').fit(differing, sample_weight=times).labels_


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """List the runs of True in (T,) flags, first and last inclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(stop) - 1) for first, stop in zip(edges[::2], edges[1::2],
                                                              strict=True)]


def visibility_groups(visible: np.ndarray, frame_of: np.ndarray, usable: np.ndarray, eps: float,
                      min_samples: int, candidate_share: float) -> list[VisibilityGroup]:
    """Group masks by the frames in which they are seen (step 4).

    Args:
        visible: (M, T) bool, whether each mask is seen in each frame.
        frame_of: (M,) frame of each mask.
        usable: (M,) bool; the others, masks without any point, are noise.
        eps: Hamming distance of DBSCAN.
        min_samples: Neighbours that make a core of DBSCAN.
        candidate_share: A member is a candidate if it is seen in more than this share of the
            range that its own frame lies in.

    Returns:
        Groups with at least one visible frame.
    """
    numbers = np.flatnonzero(usable)
    labels = cluster(visible[numbers], eps, min_samples)
    groups = []
    for label in range(labels.max(initial=-1) + 1):
        members = numbers[labels == label]
        ranges = runs(visible[members].mean(axis=0) > 0.5)
        chosen = [members[:0]]
        for first, last in ranges:
            seen = visible[members, first:last + 1].mean(axis=1) > candidate_share
            own = (frame_of[members] >= first) & (frame_of[members] <= last)
            chosen.append(members[seen & own])
        if ranges:
            groups.append(VisibilityGroup(ranges, np.sort(np.concatenate(chosen))))
    return groups


def joins_several(overlaps: np.ndarray, frames: np.ndarray, overlap: float,
                  min_frames: int) -> np.ndarray:
    """Flag candidates that overlap several masks of a frame in several frames (step 6).

    Args:
        overlaps: (C, n) overlap of each candidate with each mask of the merged range.
        frames: (n,) frame of each of these masks, sorted.
        overlap: Share above which a mask counts.
        min_frames: Frames with more than one such mask that raise the flag.

    Returns:
        (C,) bool.
    """
    if len(frames) == 0:
        return np.zeros(len(overlaps), bool)
    starts = np.flatnonzero(np.diff(frames, prepend=frames[0] - 1))
    masks_hit = np.add.reduceat((overlaps > overlap).astype(np.int32), starts, axis=1)
    return (masks_hit > 1).sum(axis=1) >= min_frames


def match_labels(matches: np.ndarray, eps: float, eps_wide: float, wide_columns: int,
                 min_samples: int, min_samples_narrow: int, narrow_columns: int,
                 numbers: np.ndarray | None = None) -> np.ndarray:
    """Group candidates by what they match (step 7).

    Args:
        matches: (C, n) bool. It is cropped to the columns from the first to the last match.
        eps: Hamming distance; ``eps_wide`` above ``wide_columns`` columns.
        eps_wide: See ``eps``.
        wide_columns: See ``eps``.
        min_samples: Neighbours of a core; ``min_samples_narrow`` below ``narrow_columns`` columns.
        min_samples_narrow: See ``min_samples``.
        narrow_columns: See ``min_samples``.
        numbers: (C,) running numbers of the candidates, sorted. If given, the masks between the
            first and the last candidate with a match that are no candidates, or match nothing,
            take part in the clustering as rows of zeros, as in the published matrix of all masks:
            sparse rows then come to lie in the dense neighbourhood of nothing.

    Returns:
        (C,) labels from 0; -1 is noise, as is every row without a match.
    """
    used = np.flatnonzero(matches.any(axis=0))
    if len(used) == 0:
        return np.full(len(matches), -1)
    cropped = matches[:, used[0]:used[-1] + 1]
    columns = cropped.shape[1]
    settings = (eps_wide if columns > wide_columns else eps,
                min_samples_narrow if columns < narrow_columns else min_samples)
    matching = np.flatnonzero(matches.any(axis=1))
    labels = np.full(len(matches), -1)
    if numbers is None:
        labels[matching] = cluster(cropped, *settings)[matching]
        return labels
    rows, times, place = _with_zero_rows(cropped[matching], numbers[matching])
    labels[matching] = np.delete(cluster(rows, *settings, times), place)
    return labels


def _with_zero_rows(rows: np.ndarray, numbers: np.ndarray,
                    ) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Put one row of zeros, counted as often as it is there, where the first one belongs.

    Returns:
        The rows, how often each counts, and the place of the row of zeros, if there is one.
    """
    gaps = np.diff(numbers) - 1
    times = np.ones(len(rows))
    if not gaps.any():
        return rows, times, []
    place = int(np.flatnonzero(gaps)[0]) + 1
    return (np.insert(rows, place, False, axis=0), np.insert(times, place, gaps.sum()), [place])


def one_per_frame(frames: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Keep one member per frame: the one with most votes, the first of equals.

    Args:
        frames: (K,) frame of each member, sorted.
        votes: (K,) how many members match it.

    Returns:
        Positions of the members kept, sorted.
    """
    order = np.lexsort((np.arange(len(frames)), -votes, frames))
    _, first = np.unique(frames[order], return_index=True)
    return order[first]
