"""Segment a video of any length with a clip model, at memory that does not grow with its length.

The video is cut into overlapping windows. A clip model gives, per window, one mask tube per
query; the best tubes are linked from window to window by their masks in the frames that both
windows see, and an object that was out of sight for some frames gets its track back
(:mod:`.window_tracks`). A frame that several windows see gets the mean of their logits. Finished
frames leave as RLE at once, so only the logits of one window and of the frames it shares are ever
held. With one window over the whole video this is plain whole-video inference.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..arguments import check_count, items_of
from ..inference_settings import MAX_LOST, check_settings, check_window
from ..labels.rle import areas_and_boxes, encode_masks
from ..labels.rle import tube_iou as rle_tube_iou
from .device_rle import encode_on_device
from .host_transfers import read_from_device, send_to_device
from .window_tracks import Track, WindowTracks, tube_iou

#: ``forward_clip(start, stop)`` returns the scores (Q,) of the queries in frames start to stop
#: (exclusive), their mask logits (Q, stop - start, h, w) and, or None, features (Q, C).
ForwardClip = Callable[[int, int], tuple[Tensor, Tensor, Tensor | None]]
#: A track's number and RLEs (or None) of its next frames.
MaskNews = tuple[int, list[dict | None]]

_MAX_PIXELS_AT_ONCE = 2**24


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


class Journal(Protocol):
    """What a video's finished windows are written to, so that a stopped run goes on after them."""

    def load(self) -> tuple[dict[str, Any], dict[int, list[dict | None]]] | None:
        """Return the last state that was saved, and per track its RLEs; None if there is none."""

    def save(self, read: Callable[[], tuple[dict[str, Any], Iterable[MaskNews]]],
             last: bool = False) -> None:
        """Save where the run is, or leave it to a later call if this is not the last one.

        Args:
            read: Gives the state, of plain values and tensors on the host, and the RLEs that came
                since it was last called.
            last: Nothing comes after it.
        """


class _Progress:
    """Which windows of a video are done, with what they found."""

    def __init__(self, tracks: WindowTracks, windows: dict[str, Any], journal: Journal | None,
                 device: torch.device | str):
        self.tracks = tracks
        self.windows = windows
        self.journal = journal
        self.device = device
        self.done = 0
        self._written: dict[int, int] = {}

    def load(self) -> None:
        """Go on from what an earlier run with the same windows has saved."""
        known = None if self.journal is None else self.journal.load()
        if known is None or known[0]['windows'] != self.windows:
            return
        state, masks = known
        self.tracks.load_state(state['tracks'], masks, self.device)
        self.done = state['done']
        self._written = {track.number: len(track.segmentations) for track in self.tracks.all()}

    def save(self, last: bool) -> None:
        """Count a window as done."""
        self.done += 1
        if self.journal is not None:
            self.journal.save(self._read, last)

    def _read(self) -> tuple[dict[str, Any], list[MaskNews]]:
        return dict(windows=self.windows, done=self.done,
                    tracks=self.tracks.state()), self._news()

    def _news(self) -> list[MaskNews]:
        news = []
        for track in self.tracks.all():
            before = self._written.get(track.number, 0)
            if len(track.segmentations) > before:
                news.append((track.number, track.segmentations[before:]))
                self._written[track.number] = len(track.segmentations)
        return news


@torch.no_grad()
def segment_video(forward_clip: ForwardClip, num_frames: int, *, resize: MaskResize,
                  window: int | None = None, overlap: int = 0, top_k: int = 10,
                  score_thr: float = 0.0, tube_nms_iou: float | None = None,
                  link_iou: float = 0.3, max_lost: int = MAX_LOST, keep_empty: bool = False,
                  progress: Callable[[int, int], None] | None = None,
                  journal: Journal | None = None,
                  device: torch.device | str = 'cpu') -> list[Tube]:
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
        max_lost: Frames for which an instance may be out of sight between windows and still be
            the same one, if it comes back near where it was or where its speed would have taken
            it; 0 gives it a new track.
        keep_empty: Give tubes without any pixel too, as published; they are false positives.
        progress: Called with (frames done, frames in all) after each window.
        journal: Where windows that are done are written to, and read from by the next run. It
            must belong to this video, model and settings.
        device: Where the model's results are; read only to go on from a journal.

    Returns:
        Tubes of ``num_frames`` frames, best first. The score of a tube is
        the mean of its windows' scores, weighted by their lengths.

    Raises:
        S2DInputError: If a setting is of another type or out of its range.
    """
    check_settings(dict(window=window, overlap=overlap, top_k=top_k, score_thr=score_thr,
                        tube_nms_iou=tube_nms_iou, link_iou=link_iou, max_lost=max_lost,
                        keep_empty=keep_empty))
    check_count('segment_video', num_frames=num_frames)
    starts = window_starts(num_frames, window, overlap)
    tracks = WindowTracks(link_iou, max_lost)
    run = _Progress(tracks, dict(num_frames=num_frames, window=window, overlap=overlap,
                                 out_size=list(resize.out_size)), journal, device)
    run.load()
    for index, start in list(enumerate(starts))[run.done:]:
        last = index + 1 == len(starts)
        stop = num_frames if last else start + window
        following = num_frames if last else starts[index + 1]
        scores, logits, features = _best_tubes(*forward_clip(start, stop), top_k,
                                               None if len(starts) == 1 else tube_nms_iou)
        _encode(tracks.extend(start, scores, logits, features), None, resize)
        _encode(tracks.open, following, resize)
        tracks.forget(following)
        run.save(last)
        if progress is not None:
            progress(following, num_frames)
    tubes = [_to_tube(track, num_frames) for track in tracks.all() if track.score >= score_thr]
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


def _encode(tracks: Sequence[Track], until: int | None, resize: MaskResize) -> None:
    """Turn the unfinished frames of tracks into RLE, a few masks at a time.

    Args:
        tracks: Whose.
        until: Frame of the video before which frames are finished; None finishes all.
        resize: To the size of the output.
    """
    step = max(1, _MAX_PIXELS_AT_ONCE // int(np.prod(resize.out_size)))
    for track in tracks:
        first = track.tail_start
        frames = len(track.count) if until is None else min(until - first, len(track.count))
        logits = track.take(frames)
        small = (logits > 0).cpu().numpy()
        track.look_at(first, small)
        rles: list[dict | None] = [None] * frames
        # where no logit is positive none between them is
        shown = small.any(axis=(1, 2)).nonzero()[0].tolist()
        for start in range(0, len(shown), step):
            some = shown[start:start + step]
            for frame, rle in zip(some, _to_rles(resize(logits[some]) > 0), strict=True):
                rles[frame] = rle
        track.segmentations += rles


def _to_rles(masks: Tensor) -> list[dict | None]:
    """Encode masks (N, H, W) bool; None for those without a pixel."""
    if masks.device.type != 'cpu':
        return encode_on_device(masks)
    pixels = masks.numpy()
    filled = pixels.any(axis=(1, 2))
    rles = iter(encode_masks(pixels[filled]))
    return [next(rles) if full else None for full in filled]


def _to_tube(track: Track, num_frames: int) -> Tube:
    after = num_frames - track.start - len(track.segmentations)
    return Tube(track.score, [None] * track.start + track.segmentations + [None] * after)


def _interpolate(logits: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(logits.shape[-2:]) == tuple(size):
        return logits
    return F.interpolate(logits, size=tuple(size), mode='bilinear', align_corners=False)
