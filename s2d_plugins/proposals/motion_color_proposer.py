"""Object masks from motion and colour, without learned weights."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels import encode_masks
from s2d_plugins.registry import MASK_PROPOSERS

from .base_mask_proposer import BaseMaskProposer, Progress
from .frame_analysis import FrameAnalyser, FrameAnalysis
from .mask_candidates import components, contrast, main_region, without_duplicates
from .mask_refinement import refine_mask
from .region_graph import spread_votes, transition_matrix

#: Share of the highest saliency at which the main object is cut out.
MAIN_LEVEL = 0.65
#: Shares of the highest saliency at which further masks are looked for.
OTHER_LEVELS = (0.35, 0.5, 0.65, 0.8)


@MASK_PROPOSERS.register_module()
class MotionColorProposer(BaseMaskProposer):
    """What moves by itself, and what looks like it in the rest of the clip.

    Per frame, optical flow over several gaps, freed of the camera's motion, votes for superpixels
    (:mod:`.camera_motion`). Within a window of frames the votes walk along a graph that joins
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

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, max_size: int = 428, gaps: Sequence[int] = (1, 3, 6), regions: int = 1000,
                 window: int = 96, min_motion: float = 0.05, min_area: float = 0.001,
                 max_masks: int = 6):
        if 1 not in gaps or min(gaps) < 1:
            raise S2DInputError('MotionColorProposer: expected gaps of at least 1 frame, 1 among '
                                f'them, found {list(gaps)}')
        if window < 4:
            raise S2DInputError(f'MotionColorProposer: expected window >= 4, found {window}')
        self.max_size, self.gaps, self.regions = max_size, tuple(gaps), regions
        self.window, self.min_motion = window, min_motion
        self.min_area, self.max_masks = min_area, max_masks

    def propose(self, frames: Sequence[np.ndarray],
                progress: Progress | None = None) -> list[list[dict]]:
        """See :meth:`BaseMaskProposer.propose`."""
        if len(frames) == 0:
            raise S2DInputError('MotionColorProposer: expected at least one frame, found none')
        analyse = FrameAnalyser(frames, self.gaps, self.max_size, self.regions)
        proposals = []
        for analysis, saliency in self._salient_frames(analyse):
            proposals.append(self._frame_masks(analysis, saliency, analyse.size))
            if progress is not None:
                progress(len(proposals), len(frames))
        return proposals

    def _salient_frames(self, analyse: FrameAnalyser
                        ) -> Iterator[tuple[FrameAnalysis, np.ndarray]]:
        """Yield every frame with its superpixels' saliency, windows faded into each other."""
        count, overlap = len(analyse.frames), self.window // 3
        fading: dict[int, np.ndarray] = {}
        for start in range(0, max(count - overlap, 1), self.window - overlap):
            stop = min(start + self.window, count)
            values = self._window_saliency([analyse(index) for index in range(start, stop)])
            for index, old in fading.items():
                share = (index - start + 1) / (len(fading) + 1)
                values[index - start] = share * values[index - start] + (1 - share) * old
            done = count if stop == count else stop - overlap
            for index in range(start, done):
                yield analyse(index), values[index - start]
            fading = {index: values[index - start] for index in range(done, stop)}
            analyse.forget_before(done)
            if stop == count:
                return

    def _window_saliency(self, window: list[FrameAnalysis]) -> list[np.ndarray]:
        """Let the superpixels of a window vote; 1 is the saliency of a clear object."""
        starts = np.cumsum([0] + [len(frame.votes) for frame in window])
        votes = np.concatenate([frame.votes for frame in window])
        overlaps = np.concatenate([
            frame.overlaps + (start, following, 0) for frame, start, following
            in zip(window[:-1], starts, starts[1:], strict=False)] or [window[0].overlaps])
        walk = transition_matrix(np.concatenate([frame.features for frame in window]), overlaps)
        spread = np.split(spread_votes(walk, votes), starts[1:-1])
        peak = np.percentile(np.concatenate(spread), 99.5)
        if peak < self.min_motion:
            return [np.zeros_like(values) for values in spread]
        return [values / (0.5 * peak + 0.5 * np.percentile(values, 99.5)) for values in spread]

    def _frame_masks(self, frame: FrameAnalysis, values: np.ndarray,
                     size: tuple[int, int]) -> list[dict]:
        if not values.any():
            return []
        saliency = values[frame.labels]
        smallest = max(1, int(self.min_area * saliency.size))
        votes = frame.votes[frame.labels]
        masks, scores = [], []
        region = main_region(saliency, MAIN_LEVEL)
        if region.sum() >= smallest:
            masks.append(refine_mask(frame.image, saliency, MAIN_LEVEL, region))
            scores.append(1.0)
        for region, _ in components(saliency, OTHER_LEVELS, smallest):
            masks.append(region)
            scores.append(0.9 * (contrast(region, saliency) + contrast(region, votes)) / 2)
        kept = without_duplicates(masks, scores, overlap=0.8)[:self.max_masks]
        full = [_enlarge(masks[index], size) for index in kept]
        pairs = [(mask, scores[index]) for mask, index in zip(full, kept, strict=True)
                 if mask.any()]
        encoded = encode_masks(np.array([mask for mask, _ in pairs]))
        return [dict(segmentation=rle, score=round(float(score), 4))
                for rle, (_, score) in zip(encoded, pairs, strict=True)]


def _enlarge(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a bool mask to (height, width) with a smooth outline."""
    if mask.shape == tuple(size):
        return mask
    soft = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return soft > 0.5
