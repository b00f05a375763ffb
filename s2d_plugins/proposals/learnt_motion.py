"""Motion saliency by a network that has learnt from generated scenes what moves by itself."""

from collections.abc import Mapping

import cv2
import numpy as np
import torch

from ..arguments import check_path
from ..registry import TASK_UTILS
from .motion_cues import motion_cues
from .motion_network import STRIDE, load_network

#: Cells in which a frame's motion is judged, as in the network's training.
CELLS = 60 * 104


@TASK_UTILS.register_module()
class LearntMotion:
    """What moves by itself, as :class:`.motion_network.MotionNetwork` sees it.

    Unlike a threshold on what an affine camera does not explain, the network knows parallax, water
    and leaves from scenes that a script draws (``projects/s2d/starter``), and keeps the still parts
    of a moving thing.

    Args:
        weights: Of the network: a path, a URL, or ``s2d://`` and the name of what comes with this
            package.

    Raises:
        S2DInputError: If the weights are not there or do not fit.
    """

    def __init__(self, weights: str = 's2d://motion_small'):
        check_path(self, weights=weights)
        self._network = load_network(weights)

    def __call__(self, flows: Mapping[int, np.ndarray],
                 greys: Mapping[int, np.ndarray]) -> np.ndarray:
        """Judge the frame with gap 0; see :class:`.residual_motion.ResidualMotion`."""
        height, width = greys[0].shape
        size = grid_of(height, width)
        cues = np.stack([motion_cues(flow, greys[0], greys[gap], gap, size)
                         for gap, flow in flows.items()])
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(cues)[None])[0]
        shares = cv2.resize(logits.sigmoid().numpy(), (width, height),
                            interpolation=cv2.INTER_CUBIC)
        return shares.clip(0, 1)


def grid_of(height: int, width: int) -> tuple[int, int]:
    """Choose (h, w) of the cues of a frame: about :data:`CELLS` cells that are square."""
    cells = (CELLS / (height * width)) ** 0.5
    return tuple(max(STRIDE, STRIDE * round(side * cells / STRIDE)) for side in (height, width))
