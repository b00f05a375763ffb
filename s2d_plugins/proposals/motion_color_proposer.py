"""Object masks from motion and colour."""

from collections.abc import Iterator, Sequence

import numpy as np

from s2d_plugins.arguments import (
    check_config,
    check_count,
    check_number,
    check_share,
    items_of,
    refuse,
)
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import encode_masks
from s2d_plugins.registry import MASK_PROPOSERS, TASK_UTILS
from s2d_plugins.structures import Frames

from .base_mask_proposer import BaseMaskProposer, Progress
from .frame_analysis import FrameAnalyser, FrameAnalysis
from .mask_candidates import components, contrast, overlap, without_duplicates
from .mask_refinement import cut_main_object, enlarge_mask
from .region_graph import spread_votes, transition_matrix

#: How strongly votes stay where they were cast: little (non-local consensus), more (local motion).
RESTARTS = (0.03, 0.15)
#: Shares of the highest saliency at which further masks are looked for in the last map.
OTHER_LEVELS = (0.35, 0.5, 0.65, 0.8)


@MASK_PROPOSERS.register_module()
class MotionColorProposer(BaseMaskProposer):
    """What moves by itself, and what looks like it in the rest of the clip.

    Per frame, optical flow over several gaps votes for superpixels by what moves by itself
    (``motion``). Within a window of frames the votes walk along a graph that joins
    superpixels that look alike and superpixels that flow joins (:mod:`.region_graph`), in the
    spirit of non-local consensus voting (Faktor and Irani, BMVC 2014). The result is cut into
    masks along image edges (:mod:`.mask_candidates`, :mod:`.mask_refinement`).

    Args:
        max_size: Longer side in pixels at which masks are computed.
        gaps: Frame gaps over which motion is measured; must hold 1.
        regions: Superpixels per frame.
        window: Frames that vote together; bounds the memory.
        min_motion: Saliency, 0 to 1, that a window's most salient superpixels must reach. Below
            it nothing is taken to move and no masks are given.
        min_area: Smallest mask, as a share of the frame.
        max_masks: Most masks per frame.
        motion: Config of what judges motion: :class:`.LearntMotion`, the default, or
            :class:`.ResidualMotion`, which has no weights.
        main_levels: Shares of the highest saliency at which the main object is cut out of each of
            three maps: one per restart of the walk and their geometric mean. For ``ResidualMotion``
            ``(0.7, 0.7, 0.6)`` are better.

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, max_size: int = 428, gaps: Sequence[int] = (1, 3, 6), regions: int = 1000,
                 window: int = 96, min_motion: float = 0.05, min_area: float = 0.001,
                 max_masks: int = 6, motion: dict | None = None,
                 main_levels: Sequence[float] = (0.4, 0.4, 0.33)):
        check_count(self, max_size=max_size, low=64)
        check_count(self, **items_of(self, 'gaps', gaps))
        if 1 not in gaps:
            raise refuse(self, 'gaps', gaps, 'a list with 1 among its numbers')
        check_count(self, regions=regions, max_masks=max_masks)
        check_count(self, window=window, low=4)
        check_share(self, min_motion=min_motion, min_area=min_area)
        self.max_size, self.gaps, self.regions = max_size, tuple(gaps), regions
        self.window, self.min_motion = window, min_motion
        self.min_area, self.max_masks = min_area, max_masks
        check_number(self, **items_of(self, 'main_levels', main_levels), above=0, below=1)
        if len(main_levels) != len(RESTARTS) + 1:
            raise refuse(self, 'main_levels', main_levels, f'{len(RESTARTS) + 1} numbers')
        self.main_levels = tuple(main_levels)
        check_config(self, motion=motion, optional=True)
        self.motion = TASK_UTILS.build(motion or dict(type='LearntMotion'))

    def propose(self, frames: Frames,
                progress: Progress | None = None) -> list[list[dict]]:
        """See :meth:`BaseMaskProposer.propose`."""
        if len(frames) == 0:
            raise S2DInputError('MotionColorProposer: expected at least one frame, found none')
        analyse = FrameAnalyser(frames, self.gaps, self.max_size, self.regions, self.motion)
        proposals = []
        for analysis, saliency in self._salient_frames(analyse):
            proposals.append(self._frame_masks(analysis, saliency, analyse.size))
            if progress is not None:
                progress(len(proposals), len(frames))
        return proposals

    def _salient_frames(self, analyse: FrameAnalyser
                        ) -> Iterator[tuple[FrameAnalysis, np.ndarray]]:
        """Yield every frame with its superpixels' (N, R) saliency; windows fade into each other."""
        count, shared = len(analyse.frames), self.window // 3
        fading: dict[int, np.ndarray] = {}
        for start in range(0, max(count - shared, 1), self.window - shared):
            stop = min(start + self.window, count)
            values = self._window_saliency([analyse(index) for index in range(start, stop)])
            for index, old in fading.items():
                share = (index - start + 1) / (len(fading) + 1)
                values[index - start] = share * values[index - start] + (1 - share) * old
            done = count if stop == count else stop - shared
            for index in range(start, done):
                yield analyse(index), values[index - start]
            fading = {index: values[index - start] for index in range(done, stop)}
            analyse.forget_before(done)
            if stop == count:
                return

    def _window_saliency(self, window: list[FrameAnalysis]) -> list[np.ndarray]:
        """Let the superpixels of a window vote.

        Returns:
            Per frame (N, len(RESTARTS)); 1 is the saliency of a clear object, and all is 0 where
            nothing moves.
        """
        starts = np.cumsum([0] + [len(frame.votes) for frame in window])
        votes = np.concatenate([frame.votes for frame in window])
        overlaps = np.concatenate([
            frame.overlaps + (start, following, 0) for frame, start, following
            in zip(window[:-1], starts, starts[1:], strict=False)] or [window[0].overlaps])
        walk = transition_matrix(np.concatenate([frame.features for frame in window]), overlaps)
        spread = np.stack([spread_votes(walk, votes, restart) for restart in RESTARTS], axis=1)
        peaks = np.percentile(spread, 99.5, axis=0)
        if peaks.min() < self.min_motion:
            return [np.zeros((len(frame.votes), len(RESTARTS))) for frame in window]
        return [values / (0.5 * peaks + 0.5 * np.percentile(values, 99.5, axis=0))
                for values in np.split(spread, starts[1:-1])]

    def _frame_masks(self, frame: FrameAnalysis, values: np.ndarray,
                     size: tuple[int, int]) -> list[dict]:
        if not values.any():
            return []
        joint = np.sqrt(values.prod(axis=1, keepdims=True))
        maps = np.moveaxis(np.hstack([values, joint])[frame.labels], -1, 0)
        smallest = max(1, int(self.min_area * maps[0].size))
        masks, scores = self._candidates(frame, maps, smallest)
        kept = without_duplicates(masks, scores, most=0.8)[:self.max_masks]
        full = [enlarge_mask(masks[index], size) for index in kept]
        pairs = [(mask, scores[index]) for mask, index in zip(full, kept, strict=True)
                 if mask.any()]
        encoded = encode_masks(np.array([mask for mask, _ in pairs]))
        return [dict(segmentation=rle, score=round(float(score), 4))
                for rle, (_, score) in zip(encoded, pairs, strict=True)]

    def _candidates(self, frame: FrameAnalysis, maps: np.ndarray,
                    smallest: int) -> tuple[list[np.ndarray], list[float]]:
        """Collect masks and scores: the main object 0.5 to 1, everything else below 0.5.

        The main object is what most of the maps' cuts agree on; its score says how much they do.
        """
        cuts = [cut_main_object(frame.image, saliency, level)
                for saliency, level in zip(maps, self.main_levels, strict=True)]
        main = np.sum(cuts, axis=0) * 2 > len(cuts)
        masks, scores = [], []
        if main.sum() >= smallest:
            masks.append(main)
            scores.append(0.5 + 0.5 * np.mean([overlap(main, cut) for cut in cuts]))
        votes = frame.votes[frame.labels]
        others = components(main, smallest) + [cut for cut in cuts if cut.sum() >= smallest]
        for level in OTHER_LEVELS:
            others += components(maps[-1] > level, smallest)
        for mask in others:
            masks.append(mask)
            scores.append((contrast(mask, maps[-1]) + contrast(mask, votes)) / 4)
        return masks, scores
