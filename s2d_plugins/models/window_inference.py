"""Segment a video of any length with a clip model, at memory that does not grow with its length.

The video is cut into overlapping windows. A clip model gives, per window, one mask tube per
query; the best tubes are linked from window to window by their masks in the frames that both
windows see. A frame that several windows see gets the mean of their logits. Finished frames leave
as RLE at once, so only the logits of one window and of the frames it shares are ever held.
With one window over the whole video this is plain whole-video inference.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ..arguments import check_count, items_of
from ..inference_settings import check_settings, check_window
from ..labels.rle import areas_and_boxes, encode_masks
from ..labels.rle import tube_iou as rle_tube_iou
from .host_transfers import read_from_device, send_to_device

#: ``forward_clip(start, stop)`` returns the scores (Q,) of the queries in frames start to stop
#: (exclusive), their mask logits (Q, stop - start, h, w) and, or None, features (Q, C).
ForwardClip = Callable[[int, int], tuple[Tensor, Tensor, Tensor | None]]

_MAX_PIXELS_AT_ONCE = 2**24
_FEATURE_WEIGHT = 0.5


@dataclass
class Tube:
    """One instance through a whole video.

    Attributes:
        score: Confidence, 0 to 1.
        segmentations: Per frame an RLE, or None where the instance has no pixel.
    """

    score: float
    segmentations: list[dict | None]


@dataclass(frozen=True)
class MaskResize:
    """The way from a model's mask logits to masks of the video's size.

    Logits cover the padded model input: they are enlarged to it, cropped to the image in its
    top-left corner and resized to the output, as mmdet does.

    Attributes:
        out_size: (height, width) of the masks wanted.
        image_size: (height, width) of the image inside the model input; None without padding.
        padded_size: (height, width) of the model input; None without padding.
    """

    out_size: tuple[int, int]
    image_size: tuple[int, int] | None = None
    padded_size: tuple[int, int] | None = None

    def __post_init__(self):
        for name in ('out_size', 'image_size', 'padded_size'):
            size = getattr(self, name)
            if size is not None or name == 'out_size':
                check_count(self, **items_of(self, name, size, length=2))

    def __call__(self, logits: Tensor) -> Tensor:
        """Resize logits (N, h, w) to (N, *out_size)."""
        logits = logits.float()[None]
        if self.padded_size is not None and self.image_size != self.padded_size:
            logits = _interpolate(logits, self.padded_size)
            logits = logits[..., :self.image_size[0], :self.image_size[1]]
        return _interpolate(logits, self.out_size)[0]


@dataclass
class _Track:
    """An instance while its video is being read.

    ``logit_sum`` (n, h, w) and ``count`` (n,) belong to the n frames from ``tail_start`` that are
    not finished yet; ``segmentations`` belong to the frames from ``start`` up to there.
    """

    start: int
    score_sum: float = 0.0
    weight: int = 0
    segmentations: list[dict | None] = field(default_factory=list)
    logit_sum: Tensor | None = None
    count: Tensor | None = None
    feature: Tensor | None = None

    @property
    def score(self) -> float:
        return self.score_sum / self.weight

    def add_window(self, score: float, logits: Tensor, feature: Tensor | None) -> None:
        """Join one window's tube (t, h, w); the unfinished frames are its first ones."""
        self.score_sum += score * len(logits)
        self.weight += len(logits)
        self.feature = feature
        total, count = logits.clone(), logits.new_ones(len(logits))
        if self.logit_sum is not None:
            total[:len(self.logit_sum)] += self.logit_sum
            count[:len(self.count)] += self.count
        self.logit_sum, self.count = total, count

    def take(self, frames: int) -> Tensor:
        """Remove the first unfinished frames and return their mean logits (frames, h, w)."""
        mean = self.logit_sum[:frames] / self.count[:frames, None, None]
        self.logit_sum, self.count = self.logit_sum[frames:], self.count[frames:]
        return mean


def window_starts(num_frames: int, window: int | None, overlap: int) -> list[int]:
    """Return the first frames of windows that cover a video; the last one ends with it.

    Raises:
        S2DInputError: If the windows could not be linked or would not move on.
    """
    if window is None or window >= num_frames:
        return [0]
    check_window(window, overlap)
    starts = list(range(0, num_frames - window, window - overlap))
    return [*starts, num_frames - window]


def tube_iou(first: Tensor, second: Tensor) -> Tensor:
    """Return the IoU (A, B) of bool tubes (A, t, h, w) and (B, t, h, w); 0 where both are empty."""
    first, second = first.flatten(1).float(), second.flatten(1).float()
    intersection = first @ second.T
    union = first.sum(1)[:, None] + second.sum(1)[None] - intersection
    return intersection / union.clamp(min=1)


def tube_nms(scores: Tensor, masks: Tensor, iou_thr: float) -> Tensor:
    """Return the indices of tubes that overlap no better tube by more than ``iou_thr``.

    Args:
        scores: (N,).
        masks: (N, t, h, w) bool.
        iou_thr: Largest IoU of two tubes that both stay.
    """
    order = scores.argsort(descending=True)
    masks = masks[order]
    best, overlaps = read_from_device(order, tube_iou(masks, masks) > iou_thr)
    kept = best.long()[keep_best(overlaps.bool().numpy())]
    return send_to_device([kept], scores.device)[0]


def keep_best(overlaps: np.ndarray) -> list[int]:
    """Return the indices of those that overlap none of the kept before them.

    Args:
        overlaps: (N, N) bool, which overlap too much; the best first.
    """
    kept: list[int] = []
    for index in range(len(overlaps)):
        if not overlaps[index, kept].any():
            kept.append(index)
    return kept


def link_tubes(old: Tensor, new: Tensor, old_features: Tensor | None,
               new_features: Tensor | None, link_iou: float) -> list[tuple[int, int]]:
    """Match tubes of neighbouring windows one to one.

    The assignment has the largest sum of mask IoU plus half the cosine similarity of the query
    features; only pairs whose masks agree are accepted.

    Args:
        old: (A, t, h, w) mask logits in the shared frames.
        new: (B, t, h, w).
        old_features: (A, C) or None.
        new_features: (B, C) or None.
        link_iou: Least mask IoU of a link.

    Returns:
        Pairs (index in old, index in new).
    """
    iou = tube_iou(old > 0, new > 0)
    similarity = iou
    if old_features is not None and new_features is not None:
        cosine = F.normalize(old_features.float(), dim=1) @ F.normalize(new_features.float(),
                                                                        dim=1).T
        similarity = iou + _FEATURE_WEIGHT * cosine
    iou, similarity = read_from_device(iou, similarity)
    rows, columns = linear_sum_assignment(similarity.numpy(), maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)
            if iou[row, column] >= link_iou]


@torch.no_grad()
def segment_video(forward_clip: ForwardClip, num_frames: int, *, resize: MaskResize,
                  window: int | None = None, overlap: int = 0, top_k: int = 10,
                  score_thr: float = 0.0, tube_nms_iou: float | None = None,
                  link_iou: float = 0.3, keep_empty: bool = False,
                  progress: Callable[[int, int], None] | None = None) -> list[Tube]:
    """Segment a whole video.

    Args:
        forward_clip: The model, see :data:`ForwardClip`.
        num_frames: Length of the video.
        resize: From the model's logits to output masks.
        window: Frames that the model sees at once; None for all of them, as the authors do.
        overlap: Frames that neighbouring windows share.
        top_k: Tubes kept per window.
        score_thr: Least score of a tube in the result.
        tube_nms_iou: Of two tubes that overlap more, the worse is dropped; None for no such
            filter. In one window over the whole video they are compared at the size of the
            output, as published; in several windows within each, at that of the logits, before
            they are linked.
        link_iou: Least mask IoU in the shared frames for two tubes to be one instance.
        keep_empty: Give tubes without any pixel too, as published; they are false positives.
        progress: Called with (frames done, frames in all) after each window.

    Returns:
        Tubes of ``num_frames`` frames, best first. The score of a tube is
        the mean of its windows' scores, weighted by their lengths.

    Raises:
        S2DInputError: If a setting is of another type or out of its range.
    """
    check_settings(dict(window=window, overlap=overlap, top_k=top_k, score_thr=score_thr,
                        tube_nms_iou=tube_nms_iou, link_iou=link_iou, keep_empty=keep_empty))
    check_count('segment_video', num_frames=num_frames)
    starts = window_starts(num_frames, window, overlap)
    open_tracks: list[_Track] = []
    tubes: list[Tube] = []

    def finish(tracks: list[_Track]) -> None:
        tracks = [track for track in tracks if track.score >= score_thr]
        _encode(tracks, max((len(track.count) for track in tracks), default=0), resize)
        tubes.extend(_to_tube(track, num_frames) for track in tracks)

    for index, start in enumerate(starts):
        last = index + 1 == len(starts)
        stop = num_frames if last else start + window
        scores, logits, features = _best_tubes(*forward_clip(start, stop), top_k,
                                               None if len(starts) == 1 else tube_nms_iou)
        open_tracks, ended = _extend(open_tracks, start, scores, logits, features, link_iou)
        finish(ended)
        _encode(open_tracks, stop - start if last else starts[index + 1] - start, resize)
        if progress is not None:
            progress(stop if last else starts[index + 1], num_frames)
    finish(open_tracks)
    if not keep_empty:
        tubes = [tube for tube in tubes if any(rle is not None for rle in tube.segmentations)]
    tubes = sorted(tubes, key=lambda tube: -tube.score)
    if len(starts) == 1 and tube_nms_iou is not None:
        tubes = _without_repetitions(tubes, tube_nms_iou)
    return tubes


def _without_repetitions(tubes: list[Tube], iou_thr: float) -> list[Tube]:
    """Drop tubes that overlap a better one, which stays, by more than ``iou_thr``."""
    rles = [tube.segmentations for tube in tubes]
    areas = np.array([_areas(tube) for tube in rles], np.int64).reshape(len(rles), -1)
    overlaps = rle_tube_iou(rles, rles, areas, areas) > iou_thr
    return [tubes[index] for index in keep_best(overlaps)]


def _areas(segmentations: list[dict | None]) -> list[int]:
    areas = iter(areas_and_boxes([rle for rle in segmentations if rle is not None])[0])
    return [0 if rle is None else next(areas) for rle in segmentations]


def _best_tubes(scores: Tensor, logits: Tensor, features: Tensor | None, top_k: int,
                tube_nms_iou: float | None) -> tuple[Tensor, Tensor, Tensor | None]:
    keep = scores.topk(min(top_k, len(scores))).indices
    if tube_nms_iou is not None:
        keep = keep[tube_nms(scores[keep], logits[keep] > 0, tube_nms_iou)]
    return scores[keep], logits[keep].float(), None if features is None else features[keep]


def _extend(tracks: list[_Track], start: int, scores: Tensor, logits: Tensor,
            features: Tensor | None, link_iou: float) -> tuple[list[_Track], list[_Track]]:
    """Join a window's tubes to the tracks; return the tracks that go on and those that ended."""
    linked: dict[int, _Track] = {}
    if tracks and len(scores):
        shared = torch.stack([track.logit_sum / track.count[:, None, None] for track in tracks])
        old_features = None if features is None else torch.stack([t.feature for t in tracks])
        pairs = link_tubes(shared, logits[:, :shared.shape[1]], old_features, features, link_iou)
        linked = {new: tracks[old] for old, new in pairs}
    going_on = []
    for index, (score, tube) in enumerate(zip(scores.tolist(), logits, strict=True)):
        track = linked.get(index) or _Track(start)
        track.add_window(score, tube, None if features is None else features[index])
        going_on.append(track)
    continued = {id(track) for track in linked.values()}
    return going_on, [track for track in tracks if id(track) not in continued]


def _encode(tracks: list[_Track], frames: int, resize: MaskResize) -> None:
    """Turn the first unfinished frames of all tracks into RLE, a few masks at a time."""
    if frames == 0:
        return
    step = max(1, _MAX_PIXELS_AT_ONCE // int(np.prod(resize.out_size)))
    for track in tracks:
        for part in track.take(frames).split(step):
            masks = (resize(part) > 0).cpu().numpy()
            filled = masks.any(axis=(1, 2))
            rles = iter(encode_masks(masks[filled]))
            track.segmentations.extend(next(rles) if full else None for full in filled)


def _to_tube(track: _Track, num_frames: int) -> Tube:
    after = num_frames - track.start - len(track.segmentations)
    return Tube(track.score, [None] * track.start + track.segmentations + [None] * after)


def _interpolate(logits: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(logits.shape[-2:]) == tuple(size):
        return logits
    return F.interpolate(logits, size=tuple(size), mode='bilinear', align_corners=False)
