"""Random videos, objects and tracks with misses, duplicates, empty frames, crowds and ties."""

import numpy as np

from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_labels, make_video


def blob(rng, size):
    mask = np.zeros(size, bool)
    row, column, height, width = (int(rng.integers(side)) for side in (*size, *size))
    mask[row:row + 1 + height, column:column + 1 + width] = True
    return mask


def tube(rng, length, size):
    return [blob(rng, size) if rng.random() < 0.75 else None for _ in range(length)]


def near(rng, masks, size):
    """A copy with shifts, missing, empty and wrong frames."""
    result = []
    for mask in masks:
        draw = rng.random()
        if mask is None or draw < 0.1:
            result.append(blob(rng, size) if draw < 0.05 else None)
        elif draw < 0.2:
            result.append(np.zeros(size, bool))
        else:
            result.append(np.roll(mask, int(rng.integers(-2, 3)), 1))
    return result


def make(seed, sizes=((12, 16), (160, 200), (300, 320)), repeats=1):
    """Labels and results of three videos; ``repeats`` results of one track to pass the limit."""
    rng = np.random.default_rng(seed)
    videos, annotations, results = [], [], []
    for number, size in enumerate(sizes):
        video_id, length = 3 * number + 1, int(rng.integers(1, 4))
        videos.append(make_video(video_id, f'v{number}', size,
                                 [str(frame) for frame in range(length)]))
        objects = [tube(rng, length, size) for _ in range(int(rng.integers(0, 4)))]
        for masks in objects:
            annotations.append(dict(
                id=len(annotations) + 1, video_id=video_id, category_id=int(rng.integers(1, 4)),
                iscrowd=int(rng.random() < 0.2), bboxes=[None] * length,
                areas=[None if mask is None else int(mask.sum()) for mask in masks],
                segmentations=[None if mask is None else encode_mask(mask) for mask in masks]))
        for _ in range(int(rng.integers(0, 6))):
            masks = (near(rng, objects[int(rng.integers(len(objects)))], size)
                     if objects and rng.random() < 0.8 else tube(rng, length, size))
            track = dict(video_id=video_id, category_id=1, score=float(rng.integers(1, 5)) / 4,
                         segmentations=[None if mask is None else encode_mask(mask)
                                        for mask in masks])
            results += [track] * (repeats if rng.random() < 0.3 else 1)
    rng.shuffle(results)
    return make_labels(videos, annotations), results
