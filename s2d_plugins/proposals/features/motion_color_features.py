"""Features of patches from colour, its surroundings, place and motion."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from ...arguments import check_config, check_count, check_number, items_of, refuse
from ...registry import FEATURE_EXTRACTORS, TASK_UTILS
from ...structures import Frames
from ..frame_analysis import FrameAnalyser, FrameAnalysis
from .base_feature_extractor import BaseFeatureExtractor, check_room

#: Standard deviations below this are noise: such a feature tells nothing in this frame.
FLAT = 1e-3


@FEATURE_EXTRACTORS.register_module()
class MotionColorFeatures(BaseFeatureExtractor):
    """What :class:`MotionColorProposer` knows of superpixels, averaged over patches.

    Lab colour, its spread, the colour around, the place, and how surely the superpixel moves by
    itself. Each is freed of its mean over the frame and scaled to its spread, so that the cosine
    of two patches says whether they differ from the frame in the same way. In a frame of one
    colour no patch has features.

    Args:
        grid: Patches (rows, columns).
        max_size: Longer side in pixels at which frames are analysed.
        gaps: Frame gaps over which motion is measured; must hold 1.
        regions: Superpixels per frame.
        motion_weight: How much motion counts beside one channel of appearance.
        motion: Config of what judges motion: :class:`.LearntMotion`, the default, or
            :class:`.ResidualMotion`, which has no weights.

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, grid: Sequence[int] = (30, 52), max_size: int = 428,
                 gaps: Sequence[int] = (1, 3, 6), regions: int = 1000,
                 motion_weight: float = 6.0, motion: dict | None = None):
        check_count(self, **items_of(self, 'grid', grid, length=2), low=2)
        check_count(self, max_size=max_size, low=64)
        check_count(self, **items_of(self, 'gaps', gaps))
        if 1 not in gaps:
            raise refuse(self, 'gaps', gaps, 'a list with 1 among its numbers')
        check_count(self, regions=regions)
        check_number(self, motion_weight=motion_weight, low=0)
        check_config(self, motion=motion, optional=True)
        self.rows, self.columns = grid
        self.max_size, self.gaps, self.regions = max_size, tuple(gaps), regions
        self.motion_weight = motion_weight
        self.motion = TASK_UTILS.build(motion or dict(type='LearntMotion'))

    def extract(self, frames: Frames) -> Iterator[np.ndarray]:
        """See :meth:`BaseFeatureExtractor.extract`."""
        analyse = FrameAnalyser(frames, self.gaps, self.max_size, self.regions, self.motion)
        check_room(frames[0], 0, 2)
        for index in range(len(frames)):
            yield self._features(analyse(index))
            analyse.forget_before(index)

    def _features(self, frame: FrameAnalysis) -> np.ndarray:
        values = np.column_stack([frame.features, frame.votes]).astype(np.float32)[frame.labels]
        # cv2 takes at most four channels for INTER_AREA
        patches = np.stack([cv2.resize(np.ascontiguousarray(values[..., channel]),
                                       (self.columns, self.rows), interpolation=cv2.INTER_AREA)
                            for channel in range(values.shape[2])])
        patches -= patches.mean(axis=(1, 2), keepdims=True)
        spread = patches.std(axis=(1, 2), keepdims=True)
        appearance = spread[:-3].max() > FLAT  # what the place is, an empty frame has too
        patches = np.where(spread > FLAT, patches / np.maximum(spread, FLAT), 0)
        patches[-1] *= self.motion_weight
        return patches * appearance
