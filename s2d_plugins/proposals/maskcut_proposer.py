"""Object masks of single frames by MaskCut."""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.ndimage import binary_fill_holes

from s2d_plugins.arguments import check_config, check_count, check_number, check_share
from s2d_plugins.errors import S2DInputError, one_line
from s2d_plugins.labels.rle import decode_mask, encode_mask, encode_masks
from s2d_plugins.registry import FEATURE_EXTRACTORS, MASK_PROPOSERS, TASK_UTILS
from s2d_plugins.structures import Frames

from .base_mask_proposer import BaseMaskProposer, Progress, checked_frame
from .mask_candidates import overlap
from .maskcut import MaskCut, maskcut

#: A mask that refinement changes more than this (IoU) is dropped, as in the published method.
LEAST_AGREEMENT = 0.5


@MASK_PROPOSERS.register_module()
class MaskCutProposer(BaseMaskProposer):
    """MaskCut (Wang et al., CVPR 2023) on the patch features of each frame.

    The masks of patches (:func:`.maskcut.maskcut`) are enlarged to the frame, drawn to its edges
    and freed of holes. The score of a mask is 1 less its cut's eigenvalue: how cleanly it was cut.

    Args:
        extractor: Config of the features, from ``FEATURE_EXTRACTORS``.
        tau: Patches whose cosine is above this look alike.
        max_masks: Most masks per frame.
        refiner: Config of what moves outlines to image edges, such as :class:`.EdgeRefiner`,
            instead of the published CRF; with None masks keep the outlines of their patches.
        min_area: Smallest mask, as a share of the frame.

    Raises:
        S2DInputError: If a setting is out of its range.
    """

    def __init__(self, extractor: dict, tau: float = 0.15, max_masks: int = 3,
                 refiner: dict | None = None, min_area: float = 0.0):
        check_config(self, extractor=extractor)
        check_number(self, tau=tau, low=0, below=1)
        check_count(self, max_masks=max_masks)
        check_config(self, refiner=refiner, optional=True)
        check_share(self, min_area=min_area)
        self.extractor = FEATURE_EXTRACTORS.build(extractor)
        self.tau, self.max_masks, self.min_area = tau, max_masks, min_area
        self.refiner = None if refiner is None else TASK_UTILS.build(refiner)

    def check_ready(self) -> None:
        """See :meth:`BaseMaskProposer.check_ready`: what the features need."""
        self.extractor.check_ready()

    def propose(self, frames: Frames,
                progress: Progress | None = None) -> list[list[dict]]:
        """See :meth:`BaseMaskProposer.propose`."""
        if len(frames) == 0:
            raise S2DInputError('MaskCutProposer: expected at least one frame, found none')
        size = checked_frame(frames, 0).shape[:2]
        proposals: list[list[dict]] = []
        starts: Sequence[np.ndarray | None] = ()
        for index, features in enumerate(self.extractor.extract(frames)):
            try:
                cut = maskcut(features.reshape(len(features), -1), features.shape[1:], self.tau,
                              self.max_masks, starts)
            except S2DInputError as error:
                raise S2DInputError(f'frame {index}: {one_line(error)}') from error
            starts = cut.starts
            proposals.append(self._frame_masks(checked_frame(frames, index, size), cut))
            if progress is not None:
                progress(len(proposals), len(frames))
        return proposals

    def _frame_masks(self, frame: np.ndarray, cut: MaskCut) -> list[dict]:
        found = [index for index, mask in enumerate(cut.masks) if mask.any()]
        coarse = [cv2.resize(cut.masks[index].astype(np.uint8), frame.shape[1::-1],
                             interpolation=cv2.INTER_NEAREST) > 0 for index in found]
        masks, scores = [], []
        for index, before, mask in zip(found, coarse, self._outlined(frame, coarse), strict=True):
            if (mask.any() and mask.mean() >= self.min_area
                    and overlap(mask, before) >= LEAST_AGREEMENT):
                masks.append(mask)
                scores.append(round(float(np.clip(1 - cut.values[index], 0, 1)), 4))
        encoded = encode_masks(np.array(masks))
        return [dict(segmentation=encoded[index], score=scores[index])
                for index in np.argsort(-np.array(scores), kind='stable')]

    def _outlined(self, frame: np.ndarray, masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return masks (H, W) of bool that follow the frame's edges and have no holes."""
        if self.refiner is None:
            return list(masks)
        tubes = [dict(segmentations=[encode_mask(mask)]) for mask in masks]
        return [binary_fill_holes(decode_mask(tube['segmentations'][0]))
                for tube in self.refiner([frame], tubes)]
