"""Are proposals worth training on? Their number, size and steadiness from frame to frame.

A mask holds if, moved along the optical flow to the next frame, it meets a mask there with an IoU
of at least :data:`HOLDS`. Keymask discovery finds what holds over many frames.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from ..labels.rle import decode_mask
from ..structures import Progress

HOLDS = 0.5
#: A mask of a larger share of the frame is background: that it holds says nothing.
LARGEST = 0.9
#: Least share of frame pairs in which a mask holds. Rules of thumb, not tuned on anything.
GOOD, POOR = 0.5, 0.15


def measure_proposals(proposals: Sequence[Sequence[dict]],
                      flows: Iterable[tuple[np.ndarray, np.ndarray]],
                      progress: Progress | None = None) -> dict[str, Any]:
    """Measure the proposals of one clip.

    Args:
        proposals: Per frame (T) a list of ``dict(segmentation=RLE, score=float)``.
        flows: For each pair of neighbouring frames the flow there and back, as
            :meth:`.BaseFlowPrior.flows` yields them.
        progress: Called with the number of pairs done and in all.

    Returns:
        ``masks_per_frame`` (T) and its mean, ``areas``: quartiles of the masks' shares of the
        frame, ``stability``: mean best IoU of a mask moved to the next frame (None without any),
        ``stable_pairs``: share of pairs of frames with a mask that holds, and ``pair_stability``:
        per pair the mean IoU or None.
    """
    areas = [decode_mask(mask['segmentation']).mean() for frame in proposals for mask in frame]
    values, stable, means = [], [], []
    for index, (_, back) in enumerate(flows):
        size = back.shape[:2]
        here, there = (_stack(frame, size) for frame in proposals[index:index + 2])
        ious = warped_ious(here, there, back)
        shares = here.mean(axis=(1, 2))
        stable.append(bool(((ious >= HOLDS) & (shares <= LARGEST)).any()))
        known = ious[np.isfinite(ious)]
        values += known.tolist()
        means.append(float(known.mean()) if len(known) else None)
        if progress is not None:
            progress(index + 1, len(proposals) - 1)
    counts = [len(frame) for frame in proposals]
    return dict(
        frames=len(counts), masks=sum(counts), masks_per_frame_mean=float(np.mean(counts)),
        areas=np.percentile(areas, (25, 50, 75)).tolist() if areas else None,
        stability=float(np.mean(values)) if values else None,
        stable_pairs=float(np.mean(stable)) if stable else None,
        masks_per_frame=counts, pair_stability=means)


def warped_ious(here: np.ndarray, there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Move masks to the next frame and return their best IoU with a mask there.

    Args:
        here: (N, h, w) bool, masks of a frame.
        there: (M, h, w) bool, masks of the next frame.
        back: (h, w, 2) float32, flow from the next frame to this one, (dx, dy) in pixels.

    Returns:
        (N,) float; NaN where nothing of a mask is left in the next frame.
    """
    rows, columns = np.indices(back.shape[:2], np.float32)
    x, y = (columns + back[..., 0]).astype(np.float32), (rows + back[..., 1]).astype(np.float32)
    moved = np.array([cv2.remap(mask.view(np.uint8), x, y, cv2.INTER_NEAREST,
                                borderMode=cv2.BORDER_CONSTANT) for mask in here],
                     np.float32).reshape(len(here), back.shape[0] * back.shape[1])
    target = there.reshape(len(there), moved.shape[1]).astype(np.float32)
    common = moved @ target.T
    union = moved.sum(axis=1)[:, None] + target.sum(axis=1) - common
    best = (common / np.maximum(union, 1)).max(axis=1, initial=0)
    return np.where(moved.any(axis=1), best, np.nan)


def verdict(report: dict[str, Any]) -> str:
    """Say in one line whether going on is worth it."""
    if not report['masks']:
        return 'no: there are no masks; use another proposer or lower its thresholds'
    stable = report['stable_pairs']
    if stable is None:
        return 'no: one frame has no motion; give a video'
    share = f'in {100 * stable:.0f} % of the frames a mask holds into the next'
    if stable >= GOOD:
        return f'yes: {share}'
    if stable >= POOR:
        return f'doubtful: only {share}; look at the pictures'
    return f'no: only {share}; use another proposer'


def _stack(masks: Sequence[dict], size: tuple[int, int]) -> np.ndarray:
    """Decode masks at (height, width): (N, h, w) bool."""
    resized = [cv2.resize(decode_mask(mask['segmentation']).view(np.uint8), size[::-1],
                          interpolation=cv2.INTER_NEAREST) for mask in masks]
    return np.array(resized, bool).reshape(len(resized), *size)
