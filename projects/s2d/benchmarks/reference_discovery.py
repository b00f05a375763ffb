"""Keymask discovery written a second time: slow, obvious, and sharing no code with the package.

One tracker call per mask and step, plain loops, one decision after the other as in the paper's
description. It serves as the truth that the package is compared with.
"""

import numpy as np
from sklearn.cluster import DBSCAN


def discover(prior, frames, masks, grid_size=50):
    """Return a list of dicts with masks {frame: index}, one2x and ranges.

    ``masks``: per frame a list of bool arrays (H, W).
    """
    length = len(frames)
    height, width = frames[0].shape[:2]
    everything = [(frame, index) for frame in range(length) for index in range(len(masks[frame]))]

    # Steps 1 to 3: a grid, the points in each mask, their tracks, the share that is seen.
    seen = {}
    for frame, index in everything:
        points = _points_in(masks[frame][index], grid_size)
        if len(points) == 0:
            continue
        tracks = prior.track(frames, _queries(frame, points))
        row = []
        for t in range(length):
            count = 0
            for p in range(len(points)):
                if tracks.visible[t, p] and _pixel(tracks.xy[t, p], height, width) is not None:
                    count += 1
            row.append(count / len(points) > 0.3)
        seen[frame, index] = row

    # Step 4: groups of masks seen in the same frames.
    tracked = list(seen)
    if not tracked:
        return []
    labels = DBSCAN(eps=0.2, min_samples=5, metric='hamming').fit(
        np.array([seen[mask] for mask in tracked])).labels_
    instances = []
    for label in sorted(set(labels) - {-1}):
        members = [mask for mask, found in zip(tracked, labels, strict=True) if found == label]
        majority = []
        for t in range(length):
            majority.append(sum(seen[mask][t] for mask in members) > len(members) / 2)
        ranges = _runs(majority)
        if not ranges:
            continue
        candidates = []
        for mask in members:
            for first, last in ranges:
                if first <= mask[0] <= last:
                    visible = sum(seen[mask][first:last + 1])
                    if visible / (last - first + 1) > 0.3:
                        candidates.append(mask)
        instances += _match(prior, frames, masks, candidates, ranges, grid_size)
    return instances


def _match(prior, frames, masks, candidates, ranges, grid_size):
    """Steps 5 to 7 for one group."""
    height, width = frames[0].shape[:2]
    first, last = ranges[0][0], ranges[-1][1]
    columns = [(t, n) for t in range(first, last + 1) for n in range(len(masks[t]))]
    matrix, flags = [], []
    for frame, index in candidates:
        points = _points_in(masks[frame][index], grid_size)
        tracks = prior.track(frames, _queries(frame, points))
        row, crowded = [], 0
        for t in range(first, last + 1):
            pixels = [_pixel(tracks.xy[t, p], height, width) for p in range(len(points))]
            pixels = [pixel for pixel in pixels if pixel is not None]
            partly = 0
            for mask in masks[t]:
                on_mask = sum(bool(mask[pixel]) for pixel in pixels)
                overlap = on_mask / len(pixels) if pixels else 0
                row.append(overlap > 0.5)
                partly += overlap > 0.25
            crowded += partly > 1
        matrix.append(row)
        flags.append(crowded >= 5)
    used = [c for c in range(len(columns)) if any(row[c] for row in matrix)]
    if not used:
        return []
    # The published matrix has a row for every mask; rows before the first and after the last match
    # are cut off, and what is left of the others is zeros.
    row_of = {mask: row for mask, row in zip(candidates, matrix, strict=True) if any(row)}
    everything = [row_of.get(mask, [False] * len(columns)) for mask in columns]
    with_match = [r for r, row in enumerate(everything) if any(row)]
    offset = with_match[0]
    cropped = np.array([row[used[0]:used[-1] + 1]
                        for row in everything[offset:with_match[-1] + 1]])
    eps = 0.05 if cropped.shape[1] > 50 else 0.1
    min_samples = 3 if cropped.shape[1] < 10 else 5
    labels = DBSCAN(eps=eps, min_samples=min_samples, metric='hamming').fit(cropped).labels_
    instances = []
    for label in sorted(set(labels) - {-1}):
        members = {mask for mask, found in zip(columns[offset:], labels, strict=False)
                   if found == label}
        rows = [r for r, mask in enumerate(candidates) if mask in members and mask in row_of]
        chosen = {}
        for r in rows:
            frame, index = candidates[r]
            votes = sum(matrix[other][columns.index((frame, index))] for other in rows)
            if frame not in chosen or votes > chosen[frame][1]:
                chosen[frame] = (index, votes)
        if rows:
            instances.append({'masks': {frame: index for frame, (index, _) in chosen.items()},
                              'one2x': sum(flags[r] for r in rows) / len(rows),
                              'ranges': ranges})
    return instances


def _points_in(mask, grid_size):
    height, width = mask.shape
    points = []
    for tracker_y in np.linspace(8, 376, grid_size, dtype=np.float32):
        for tracker_x in np.linspace(8, 504, grid_size, dtype=np.float32):
            y = tracker_y * np.float32((height - 1) / 383)
            x = tracker_x * np.float32((width - 1) / 511)
            if mask[round(float(y)), round(float(x))]:
                points.append((x, y))
    return points


def _queries(frame, points):
    return np.array([(frame, x, y) for x, y in points], dtype=np.float32)


def _pixel(xy, height, width):
    """Return (row, column) of the pixel under a point, None outside the frame."""
    if not np.isfinite(xy).all():
        return None
    x, y = round(float(xy[0])), round(float(xy[1]))
    return (y, x) if 0 <= x < width and 0 <= y < height else None


def _runs(flags):
    ranges, start = [], None
    for t, flag in enumerate(list(flags) + [False]):
        if flag and start is None:
            start = t
        if not flag and start is not None:
            ranges.append((start, t - 1))
            start = None
    return ranges
