"""Long videos in overlapping windows, so that time and memory grow with their length only."""


import numpy as np

from ..structures import KeymaskInstance


def plan_windows(length: int, window: int | None, overlap: int) -> list[tuple[int, int]]:
    """Cut a video into windows (start, stop) of equal step; one window if it is short enough."""
    if window is None or length <= window:
        return [(0, length)]
    step = window - overlap
    count = -(-(length - overlap) // step)
    starts = [round(number * (length - window) / (count - 1)) for number in range(count)]
    return [(start, start + window) for start in starts]


def shift(instance: KeymaskInstance, offset: int) -> KeymaskInstance:
    """Move an instance of a window to the frame numbers of the video."""
    return KeymaskInstance(
        {frame + offset: index for frame, index in instance.masks.items()}, instance.one2x,
        [(first + offset, last + offset) for first, last in instance.visibility_ranges])


def join(found: list[KeymaskInstance], new: list[KeymaskInstance],
         shared_from: int) -> list[KeymaskInstance]:
    """Add the instances of the next window to those found so far.

    Two instances are one object if, in the frames that both windows see, more than half of the
    keymasks of the one with fewer are the same masks. Pairs are joined in order of the number of
    masks they share, each instance at most once.

    Args:
        found: Instances of the windows so far, in frame numbers of the video.
        new: Instances of the next window, likewise.
        shared_from: First frame that both windows see.
    """
    pairs = []
    for right, instance in enumerate(new):
        for left, other in enumerate(found):
            same = len(instance.masks.items() & other.masks.items())
            fewer = min(sum(frame >= shared_from for frame in other.masks),
                        sum(frame <= max(other.masks) for frame in instance.masks))
            if same > 0 and same > fewer / 2:
                pairs.append((-same, left, right))
    result, taken = list(found), set()
    for _, left, right in sorted(pairs):
        if ('found', left) not in taken and ('new', right) not in taken:
            taken |= {('found', left), ('new', right)}
            result[left] = _united(found[left], new[right])
    return result + [item for right, item in enumerate(new) if ('new', right) not in taken]


def _united(left: KeymaskInstance, right: KeymaskInstance) -> KeymaskInstance:
    """Unite two parts of one object; where they disagree about a frame, the earlier stands."""
    weights = [len(left.masks), len(right.masks)]
    ranges: list[tuple[int, int]] = []
    for first, last in sorted(left.visibility_ranges + right.visibility_ranges):
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], last))
        else:
            ranges.append((first, last))
    return KeymaskInstance(dict(sorted((right.masks | left.masks).items())),
                           float(np.average([left.one2x, right.one2x], weights=weights)), ranges)
