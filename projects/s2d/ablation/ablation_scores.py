"""Dense J: how well the masks of all frames are met, whatever the scores of the tracks."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.fileio.json_kinds import Results
from s2d_plugins.labels.mask_reader import read_masks
from s2d_plugins.labels.rle import decode_mask
from s2d_plugins.labels.youtube_vis import read_labels, video_title, videos_by_name


def decode_tracks(entries: Sequence[dict], video: dict, where: str | Path) -> np.ndarray:
    """Decode the tracks or annotations of a video to (N, T, H, W) bool.

    Args:
        entries: ``dict(video_id, segmentations)`` of any videos.
        video: The video.
        where: File of the entries, for messages.

    Raises:
        S2DInputError: If a mask does not decode.
    """
    size = (video['height'], video['width'])
    tracks = [entry['segmentations'] for entry in entries if entry['video_id'] == video['id']]
    masks = np.zeros((len(tracks), len(video['file_names']), *size), bool)
    for number, (track, segmentations) in enumerate(zip(masks, tracks, strict=True)):
        rles, _ = read_masks(segmentations, size, lambda frame, number=number: (
            f'{where}, {video_title(video)}, track {number}, frame {frame}'))
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


def score_videos(labels_file: str | Path, tracks_file: str | Path) -> dict[str, list[float]]:
    """Return video name to the dense J of its objects.

    Args:
        labels_file: YouTube-VIS labels with the masks of all frames.
        tracks_file: Results.
    """
    labels, tracks = read_labels(labels_file), read_json(tracks_file, Results)
    return {name: dense_j(decode_tracks(labels['annotations'], video, labels_file),
                          decode_tracks(tracks, video, tracks_file)).tolist()
            for name, video in videos_by_name(labels['videos'], str(labels_file)).items()}
