"""J, F and AP of one stage's masks against ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...evaluation.average_precision import Group
from ...evaluation.davis_measures import (
    MaskShape,
    boundary_accuracy,
    common_pixels,
    cut_mask,
    frame_statistics,
    match_proposals,
)
from ...labels.indexed_png import MAX_TRACKS
from ...labels.rle import decode_mask
from .stage_results import Candidate


@dataclass(frozen=True)
class FrameScores:
    """All masks of a frame against all objects in it.

    Attributes:
        number: Number of the frame in the video.
        scores: (N,) scores of the masks.
        tracks: N track names or None.
        common: (N, G) common pixels.
        areas: (N,) pixels of the masks.
        gt_areas: (G,) pixels of the objects.
        boundary: (N, G) F.
        empty_boundary: (G,) F of an empty mask.
    """

    number: int
    scores: np.ndarray
    tracks: list
    common: np.ndarray
    areas: np.ndarray
    gt_areas: np.ndarray
    boundary: np.ndarray
    empty_boundary: np.ndarray

    @property
    def region(self) -> np.ndarray:
        """(N, G) J."""
        union = self.areas[:, None] + self.gt_areas[None] - self.common
        return np.where(union > 0, self.common / np.maximum(union, 1), 1.0)

    @property
    def values(self) -> np.ndarray:
        """(2, N, G) J and F."""
        return np.stack([self.region, self.boundary])

    @property
    def empty_values(self) -> np.ndarray:
        """(2, G) J and F of an empty mask."""
        return np.stack([(self.gt_areas == 0).astype(float), self.empty_boundary])


def fit_mask(rle: dict, size: tuple[int, int]) -> np.ndarray:
    """Decode a mask and bring it to (height, width) by nearest pixel centres."""
    mask = decode_mask(rle)
    if mask.shape != tuple(size):
        mask = cv2.resize(mask.astype(np.uint8), size[::-1],
                          interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)
    return mask


def score_frame(number: int, candidates: Sequence[Candidate],
                objects: Sequence[MaskShape]) -> FrameScores:
    """Compare the masks of a frame with its objects; at least one object."""
    size = objects[0].size
    shapes = [cut_mask(fit_mask(candidate.rle, size)) for candidate in candidates]
    common, boundary = (
        np.array([[measure(shape, truth) for truth in objects] for shape in shapes],
                 dtype=float).reshape(len(shapes), len(objects))
        for measure in (common_pixels, boundary_accuracy))
    return FrameScores(
        number=number, scores=np.array([candidate.score for candidate in candidates]),
        tracks=[candidate.track for candidate in candidates], common=common,
        areas=np.array([shape.area for shape in shapes], dtype=float),
        gt_areas=np.array([shape.area for shape in objects], dtype=float), boundary=boundary,
        empty_boundary=np.array([float(not len(shape.boundary)) for shape in objects]))


def top_values(frames: Sequence[FrameScores]) -> np.ndarray:
    """(2, T) J and F of the highest-scored non-empty mask of each frame, single object."""
    rows = []
    for frame in frames:
        shown = np.flatnonzero(frame.areas > 0)
        if len(shown):
            rows.append(frame.values[:, shown[frame.scores[shown].argmax()], 0])
        else:
            rows.append(frame.empty_values[:, 0])
    return np.stack(rows, axis=1)


def best_values(frames: Sequence[FrameScores]) -> np.ndarray:
    """(2, G, T) per frame and object the mask of highest J, an oracle."""
    rows = []
    for frame in frames:
        if not len(frame.scores):
            rows.append(frame.empty_values)
            continue
        pick = frame.region.argmax(axis=0)
        rows.append(frame.values[:, pick, range(len(pick))])
    return np.stack(rows, axis=2)


def _track_table(frames: Sequence[FrameScores]) -> dict:
    """Track name to its mean score, best first."""
    scores: dict = {}
    for frame in frames:
        for track, score in zip(frame.tracks, frame.scores, strict=True):
            scores.setdefault(track, []).append(score)
    return dict(sorted(((track, float(np.mean(part))) for track, part in scores.items()),
                       key=lambda item: -item[1]))


def track_values(frames: Sequence[FrameScores]) -> np.ndarray:
    """(2, G, T) J and F of the one track matched to each object, as DAVIS matches proposals.

    The 20 tracks of highest score take part; a track is empty where it has no mask.
    """
    tracks = list(_track_table(frames))[:MAX_TRACKS]
    objects = len(frames[0].gt_areas)
    rows = max(len(tracks), objects)
    values = np.stack([np.repeat(frame.empty_values[:, None], rows, axis=1) for frame in frames],
                      axis=3)
    for time, frame in enumerate(frames):
        for index, track in enumerate(frame.tracks):
            if track in tracks:
                values[:, tracks.index(track), :, time] = frame.values[:, index]
    return match_proposals(values)


def frame_groups(frames: Sequence[FrameScores]) -> list[Group]:
    """Detections and objects of each frame, for AP over frames; absent objects are left out."""
    groups = []
    for frame in frames:
        seen = frame.gt_areas > 0
        groups.append(Group(iou=frame.region[:, seen], scores=frame.scores, areas=frame.areas,
                            gt_areas=frame.gt_areas[seen], crowd=np.zeros(seen.sum(), bool)))
    return groups


def tube_group(frames: Sequence[FrameScores]) -> Group:
    """Tracks and objects of a video, for AP over tubes."""
    table = _track_table(frames)
    index = {track: row for row, track in enumerate(table)}
    common = np.zeros((len(table), len(frames[0].gt_areas)))
    areas = np.zeros((len(table), len(frames)))
    for time, frame in enumerate(frames):
        rows = [index[track] for track in frame.tracks]
        common[rows] += frame.common
        areas[rows, time] = frame.areas
    gt_areas = np.stack([frame.gt_areas for frame in frames], axis=1)
    union = areas.sum(axis=1)[:, None] + gt_areas.sum(axis=1)[None] - common
    return Group(iou=common / np.maximum(union, 1), scores=np.array(list(table.values())),
                 areas=_mean_present(areas), gt_areas=_mean_present(gt_areas),
                 crowd=np.zeros(len(gt_areas), bool))


def _mean_present(areas: np.ndarray) -> np.ndarray:
    return areas.sum(axis=1) / np.maximum((areas > 0).sum(axis=1), 1)


def mean_measures(values: np.ndarray) -> dict[str, float]:
    """J and F of (2, ..., T), averaged over objects and frames."""
    values = values.reshape(2, -1, values.shape[-1])
    return {name: float(np.mean([frame_statistics(row)[0] for row in part]))
            for name, part in zip('JF', values, strict=True)}
