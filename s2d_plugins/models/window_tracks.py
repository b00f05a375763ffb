"""Tracks that are put together from the mask tubes of overlapping windows.

A track is open while the windows go on finding it, lost when one does not, and ended when it has
been lost for too long. Frames leave as RLE as soon as no later window sees them, so a track holds
logits of the frames that the next window shares, and of all others RLEs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ..errors import S2DInputError
from .host_transfers import read_from_device

_FEATURE_WEIGHT = 0.5
#: Frames before the last one seen that an object's speed is measured over.
_SPEED_FRAMES = 8


@dataclass
class Track:
    """An instance while its video is being read.

    ``logit_sum`` (n, h, w) and ``count`` (n,) belong to the n frames from :attr:`tail_start` on,
    which are not finished yet.

    Attributes:
        number: No other track of the video has it.
        start: First frame of its first window.
        segmentations: RLE or None of each frame from ``start`` up to :attr:`tail_start`.
        seen: The last frames in which it has a pixel, with the mask (h, w) bool in each, in the
            order of time.
    """

    number: int
    start: int
    score_sum: float = 0.0
    weight: int = 0
    segmentations: list[dict | None] = field(default_factory=list)
    logit_sum: Tensor | None = None
    count: Tensor | None = None
    feature: Tensor | None = None
    seen: list[tuple[int, np.ndarray]] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Mean score of its windows, weighted by their lengths."""
        return self.score_sum / self.weight

    @property
    def tail_start(self) -> int:
        """First frame that is not finished."""
        return self.start + len(self.segmentations)

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

    def mean_logits(self) -> Tensor:
        """Return the mean logits (n, h, w) of the unfinished frames."""
        return self.logit_sum / self.count[:, None, None]

    def take(self, frames: int) -> Tensor:
        """Remove the first unfinished frames and return their mean logits (frames, h, w).

        Their RLEs have to be put into ``segmentations`` next.
        """
        mean = self.logit_sum[:frames] / self.count[:frames, None, None]
        self.logit_sum, self.count = self.logit_sum[frames:], self.count[frames:]
        return mean

    def look_at(self, first: int, masks: np.ndarray) -> None:
        """Note where it is seen in finished frames from ``first`` on; masks (n, h, w) bool."""
        shown = np.flatnonzero(masks.any(axis=(1, 2)))
        self.seen += [(first + int(index), masks[index].copy()) for index in shown[-2:]]
        if self.seen:
            last = self.seen[-1][0]
            older = [one for one in self.seen[:-1] if one[0] >= last - _SPEED_FRAMES]
            self.seen = [*older[:1], self.seen[-1]]

    def expected_masks(self, frame: int) -> list[np.ndarray]:
        """Return where it may be in a later frame: where it was, and moved at its last speed."""
        if not self.seen:
            return []
        last, mask = self.seen[-1]
        if len(self.seen) == 1:
            return [mask]
        before, old = self.seen[0]
        speed = (_centre(mask) - _centre(old)) / (last - before)
        dx, dy = np.rint(speed * (frame - last)).astype(int)
        return [mask, shifted(mask, dx, dy)] if dx or dy else [mask]


class WindowTracks:
    """All tracks of a video that is read window by window.

    Args:
        link_iou: Least mask IoU of a track and a tube that are one instance: in the frames that
            both see or, of an instance that is found again, of the expected and the first mask.
        max_lost: Frames for which an instance may be out of sight and still get its track back.

    Attributes:
        open: Tracks that the last window found; all have the same unfinished frames.
        lost: Tracks that it did not find, whose frames are all finished.
        ended: Tracks that nothing is added to any more.
    """

    def __init__(self, link_iou: float, max_lost: int):
        self.link_iou = link_iou
        self.max_lost = max_lost
        self.open: list[Track] = []
        self.lost: list[Track] = []
        self.ended: list[Track] = []
        self._made = 0

    def all(self) -> list[Track]:
        """Return all tracks in the order in which they were first found."""
        return sorted([*self.open, *self.lost, *self.ended], key=lambda track: track.number)

    def extend(self, start: int, scores: Tensor, logits: Tensor,
               features: Tensor | None) -> list[Track]:
        """Join a window's tubes to the tracks.

        Args:
            start: First frame of the window.
            scores: (N,).
            logits: (N, t, h, w).
            features: (N, C) or None.

        Returns:
            Tracks that were open and are lost now; their last frames are to be finished.
        """
        linked = self._link(logits, features)
        continued = {id(track) for track in linked.values()}
        unlinked = [track for track in self.open if id(track) not in continued]
        linked.update(self._find_again(start, logits, linked.keys(), unlinked))
        going_on = []
        for index, (score, tube) in enumerate(zip(scores.tolist(), logits, strict=True)):
            track = linked.get(index)
            if track is None:
                track = Track(self._made, start)
                self._made += 1
            track.segmentations += [None] * (start - track.tail_start)
            track.add_window(score, tube, None if features is None else features[index])
            going_on.append(track)
        continued = {id(track) for track in going_on}
        missing = [track for track in self.open if id(track) not in continued]
        self.lost = [track for track in self.lost if id(track) not in continued] + missing
        self.open = going_on
        return missing

    def forget(self, frame: int) -> None:
        """End the tracks that can not be found again from a frame on."""
        gone = [track for track in self.lost
                if not track.seen or frame - track.seen[-1][0] > self.max_lost]
        for track in gone:
            track.seen, track.feature, track.logit_sum, track.count = [], None, None, None
        self.ended += gone
        self.lost = [track for track in self.lost if track.seen]

    def _link(self, logits: Tensor, features: Tensor | None) -> dict[int, Track]:
        if not self.open or not len(logits):
            return {}
        shared = torch.stack([track.mean_logits() for track in self.open])
        old_features = None if features is None else torch.stack([t.feature for t in self.open])
        pairs = link_tubes(shared, logits[:, :shared.shape[1]], old_features, features,
                           self.link_iou)
        return {new: self.open[old] for old, new in pairs}

    def _find_again(self, start: int, logits: Tensor, taken: Iterable[int],
                    unlinked: Sequence[Track]) -> dict[int, Track]:
        """Give tubes that no track goes on in to tracks that were out of sight when they begin."""
        new = [index for index in range(len(logits)) if index not in set(taken)]
        # a tube can only be joined to a track whose frames end where the window begins
        waiting = [track for track in (*unlinked, *self.lost) if track.tail_start <= start]
        if not new or not waiting or not self.max_lost:
            return {}
        waiting = [_with_tail(track) for track in waiting]
        iou = np.zeros((len(waiting), len(new)))
        for column, index in enumerate(new):
            masks = (logits[index] > 0).cpu().numpy()
            shown = np.flatnonzero(masks.any(axis=(1, 2)))
            if not len(shown):
                continue
            frame, mask = start + int(shown[0]), masks[shown[0]]
            for row, (_, looked) in enumerate(waiting):
                if looked.seen and 0 < frame - looked.seen[-1][0] <= self.max_lost:
                    iou[row, column] = max(_iou(mask, expected)
                                           for expected in looked.expected_masks(frame))
        rows, columns = linear_sum_assignment(iou, maximize=True)
        return {new[column]: waiting[row][0] for row, column in zip(rows, columns, strict=True)
                if iou[row, column] >= max(self.link_iou, np.finfo(float).tiny)}

    def state(self) -> dict[str, Any]:
        """Return all but the RLEs, as plain values and tensors on the host, to go on from."""
        return dict(made=self._made, **{
            name: [_state_of(track) for track in getattr(self, name)]
            for name in ('open', 'lost', 'ended')})

    def load_state(self, state: dict[str, Any], masks: dict[int, list[dict | None]],
                   device: torch.device | str = 'cpu') -> None:
        """Go on from :meth:`state` and the RLEs of each track from its start on."""
        self._made = state['made']
        for name in ('open', 'lost', 'ended'):
            setattr(self, name, [_track_of(known, masks.get(known['number'], []), device)
                                 for known in state[name]])


def _with_tail(track: Track) -> tuple[Track, Track]:
    """Return a track, and one like it that has also looked at its unfinished frames."""
    looked = Track(track.number, track.start, seen=list(track.seen))
    if track.logit_sum is not None and len(track.logit_sum):
        looked.look_at(track.tail_start, (track.mean_logits() > 0).cpu().numpy())
    return track, looked


_TENSORS = ('logit_sum', 'count', 'feature')


def _state_of(track: Track) -> dict[str, Any]:
    tensors = {name: getattr(track, name) for name in _TENSORS}
    return dict(number=track.number, start=track.start, score_sum=track.score_sum,
                weight=track.weight, frames=len(track.segmentations),
                seen=[(frame, torch.from_numpy(mask)) for frame, mask in track.seen],
                **{name: None if value is None else value.detach().cpu()
                   for name, value in tensors.items()})


def _track_of(known: dict[str, Any], masks: list[dict | None],
              device: torch.device | str) -> Track:
    missing = known['frames'] - len(masks)
    if missing < 0:
        raise S2DInputError(f'track {known["number"]} has {-missing} masks too many; delete the '
                            'journal that they are read from')
    return Track(known['number'], known['start'], known['score_sum'], known['weight'],
                 masks + [None] * missing,
                 *(None if known[name] is None else known[name].to(device) for name in _TENSORS),
                 seen=[(frame, mask.numpy()) for frame, mask in known['seen']])


def tube_iou(first: Tensor, second: Tensor) -> Tensor:
    """Return the IoU (A, B) of bool tubes (A, t, h, w) and (B, t, h, w); 0 where both are empty."""
    first, second = first.flatten(1).float(), second.flatten(1).float()
    intersection = first @ second.T
    union = first.sum(1)[:, None] + second.sum(1)[None] - intersection
    return intersection / union.clamp(min=1)


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


def shifted(mask: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """Return a mask (h, w) moved right by ``dx`` and down by ``dy`` cells; what leaves is gone."""
    height, width = mask.shape
    moved = np.zeros_like(mask)
    if abs(dx) < width and abs(dy) < height:
        moved[max(dy, 0):height + min(dy, 0), max(dx, 0):width + min(dx, 0)] = mask[
            max(-dy, 0):height + min(-dy, 0), max(-dx, 0):width + min(-dx, 0)]
    return moved


def _centre(mask: np.ndarray) -> np.ndarray:
    """Mean (x, y) of the cells of a mask that is not empty."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def _iou(first: np.ndarray, second: np.ndarray) -> float:
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0
