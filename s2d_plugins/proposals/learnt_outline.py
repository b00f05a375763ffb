"""Outlines of tubes by a network that has learnt from generated scenes where objects end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pycocotools import mask as coco_mask

from ..arguments import check_count, check_path, check_share, items_of, refuse
from ..labels.rle import decode_mask, encode_mask
from ..registry import TASK_UTILS
from ..structures import Frames
from .colour_growth import add_by_colour
from .motion_network import load_network
from .moving_clip import MovingClip
from .outline_cues import (
    COLOURS,
    GAPS,
    LIKELIER,
    NUM_CUES,
    OutlineCrop,
    Window,
    carry,
    crop_window,
    cut_out,
    outline_cues,
    paste,
)

#: Grey levels of a warp's error at which a neighbouring frame's weight has fallen to 1/e.
ERROR_SCALE = 20.0


@dataclass(frozen=True)
class _Look:
    """What the network made of one mask.

    Attributes:
        full: Square in pixels of the mask.
        window: The same in pixels of the image.
        crop: What is seen there.
        shares: (CELLS, CELLS) how surely each cell belongs to the object.
    """

    full: Window
    window: Window
    crop: OutlineCrop
    shares: np.ndarray


@TASK_UTILS.register_module()
class LearntOutline:
    """Redraws the masks of tubes from motion, colours and edges around them.

    Masks from motion and those of small models lack what is thin, such as legs and ears, and take
    shadows along. The network sees a square around a mask: how its motion and its colours differ
    from those of the object and of the surroundings. It has learnt from scenes that a script draws
    (``projects/s2d/starter``) what of that belongs to the object. It is asked with and without
    colours, and what it says of neighbouring frames comes along the flow.

    Args:
        weights: Of the network: a path, a URL, or ``s2d://`` and the name of what comes with this
            package.
        max_size: Longer side in pixels at which motion is measured.
        gaps: Frame gaps over which it is measured; two cost half of what four do.
        threshold: Least probability of a pixel that belongs to the object. The network is more
            cautious with real scenes than with those that it knows.
        colour_threshold: Least probability of a pixel that is added because its colour is the
            object's, see :func:`.colour_growth.add_by_colour`; None to leave colours to the
            network.

    Raises:
        S2DInputError: If a setting is out of its range, or the weights are not there or do not fit.
    """

    def __init__(self, weights: str = 's2d://outline_small', max_size: int = 428,
                 gaps: Sequence[int] = GAPS, threshold: float = 0.25,
                 colour_threshold: float | None = None):
        check_path(self, weights=weights)
        check_count(self, max_size=max_size, low=64)
        check_share(self, threshold=threshold)
        if colour_threshold is not None:
            check_share(self, colour_threshold=colour_threshold)
        for name, gap in items_of(self, 'gaps', gaps).items():
            if type(gap) is not int or gap == 0:
                raise refuse(self, name, gap, 'a number of frames, below or above 0')
        self.max_size, self.threshold = max_size, threshold
        self.gaps, self.colour_threshold = tuple(gaps), colour_threshold
        self._network = load_network(weights, cues=NUM_CUES)

    def __call__(self, frames: Frames, tubes: Sequence[dict]) -> list[dict]:
        """Redraw the tubes of one clip.

        Args:
            frames: Frame sequence; it may have another size than the masks.
            tubes: With per frame an RLE or None as ``segmentations``.

        Returns:
            The tubes with new ``segmentations``. A mask of which nothing would be left stays, and
            so does all in a clip of one frame.
        """
        given = [tube['segmentations'] for tube in tubes]
        redrawn = [dict(tube, segmentations=list(tube['segmentations'])) for tube in tubes]
        clip = MovingClip(frames, self.max_size, self.gaps)
        reach = max(abs(gap) for gap in self.gaps)
        looks: dict[int, dict[int, _Look]] = {}
        for index in range(len(frames) + reach if len(frames) > 1 else 0):
            if index < len(frames):
                looks[index] = self._looks(clip, index, given)
            done = index - reach
            for number, look in looks.get(done, {}).items():
                others = {gap: looks.get(done + gap, {}).get(number) for gap in look.crop.gaps}
                redrawn[number]['segmentations'][done] = self._redrawn(
                    given[number][done], look, others)
            looks.pop(done - reach, None)
        return redrawn

    def _looks(self, clip: MovingClip, index: int,
               given: Sequence[Sequence[dict | None]]) -> dict[int, _Look]:
        """Ask the network about every mask of a frame; by number of the tube."""
        present = {number: masks[index] for number, masks in enumerate(given)
                   if masks[index] and coco_mask.area(masks[index])}
        if not present:
            return {}
        image, motion = clip.image(index), clip.motion(index)
        return {number: self._look(image, motion, rle) for number, rle in present.items()}

    def _look(self, image: np.ndarray, motion: Mapping[int, tuple[np.ndarray, np.ndarray]],
              rle: dict) -> _Look:
        full = crop_window(tuple(coco_mask.toBbox(rle)))
        scale = image.shape[1] / rle['size'][1]
        window = tuple(value * scale for value in full)
        crop = OutlineCrop(cut_out(image, window),
                           np.stack([cut_out(flow, window) for flow, _ in motion.values()]),
                           np.stack([cut_out(error, window) for _, error in motion.values()]),
                           list(motion))
        cues = outline_cues(crop, cut_out(decode_mask(rle).astype(np.float32), full))
        colourless = cues.copy()
        colourless[:, COLOURS] = colourless[:, LIKELIER] = 0
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(np.stack([cues, colourless])))
        return _Look(full, window, crop, logits.sigmoid().mean(dim=0).numpy())

    def _redrawn(self, rle: dict, look: _Look, others: Mapping[int, _Look | None]) -> dict:
        """Join what was said of a frame with what was said of its neighbours."""
        total, weights = look.shares.copy(), np.ones_like(look.shares)
        for flow, error, gap in zip(look.crop.flows, look.crop.errors, look.crop.gaps,
                                    strict=True):
            other = others[gap]
            if other is not None:
                weight = np.exp(-error / ERROR_SCALE)
                total += weight * carry(other.shares, other.window, flow, look.window)
                weights += weight
        shares = total / weights
        if self.colour_threshold is not None:
            shares = add_by_colour(look.crop.image, shares, self.threshold, self.colour_threshold)
        mask = paste(shares, look.full, tuple(rle['size'])) > self.threshold
        return encode_mask(mask) if mask.any() else rle
