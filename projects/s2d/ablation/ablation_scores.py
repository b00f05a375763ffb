"""Dense J: how well the masks of all frames are met, whatever the scores of the tracks."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from s2d_plugins.labels.rle import decode_mask


def decode_tracks(tracks: Sequence[Sequence[dict | None]], length: int,
                  size: tuple[int, int]) -> np.ndarray:
    """Decode N tracks of one RLE or None per frame to (N, T, H, W) bool."""
    masks = np.zeros((len(tracks), length, *size), bool)
    for track, rles in zip(masks, tracks, strict=True):
        for frame, rle in enumerate(rles):
            if rle is not None:
                track[frame] = decode_mask(rle)
    return masks


def tube_j(truth: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Mean J of every object with every track.

    J is taken frame by frame: common pixels over the union. Frames in which neither the object nor
    the track has a pixel do not count, so that nothing is gained by predicting nothing.

    Args:
        truth: (G, T, H, W) bool.
        masks: (N, T, H, W) bool.

    Returns:
        (G, N) from 0 to 1; 0 where no frame counts.
    """
    length, pixels = truth.shape[1], math.prod(truth.shape[2:])
    first = truth.reshape(len(truth), length, pixels).astype(np.float32).swapaxes(0, 1)
    second = masks.reshape(len(masks), length, pixels).astype(np.float32).swapaxes(0, 1)
    common = first @ second.swapaxes(1, 2)
    union = first.sum(axis=2)[:, :, None] + second.sum(axis=2)[:, None] - common
    counted = (union > 0).sum(axis=0)
    return (common / np.maximum(union, 1)).sum(axis=0) / np.maximum(counted, 1)


def match_objects(values: np.ndarray) -> np.ndarray:
    """Assign a track to each object, one to one, so that the sum of J is highest.

    Args:
        values: (G, N) of :func:`tube_j`.

    Returns:
        (G,) index of the track; -1 where there are fewer tracks than objects.
    """
    chosen = np.full(len(values), -1)
    objects, tracks = linear_sum_assignment(values, maximize=True)
    chosen[objects] = tracks
    return chosen


def dense_j(truth: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the J (G,) of each object with the track that :func:`match_objects` gives it."""
    values = tube_j(truth, masks)
    chosen = match_objects(values)
    found = chosen >= 0
    result = np.zeros(len(truth))
    result[found] = values[np.flatnonzero(found), chosen[found]]
    return result


def score_videos(labels: dict, tracks: Sequence[dict]) -> dict[str, list[float]]:
    """Return video name to the dense J of its objects.

    Args:
        labels: YouTube-VIS labels with the masks of all frames.
        tracks: Results ``dict(video_id, segmentations, ...)``.
    """
    scores = {}
    for video in labels['videos']:
        size = (video['height'], video['width'])
        truth, masks = (
            decode_tracks([entry['segmentations'] for entry in entries
                           if entry['video_id'] == video['id']], video['length'], size)
            for entries in (labels['annotations'], tracks))
        scores[video['name']] = dense_j(truth, masks).tolist()
    return scores
