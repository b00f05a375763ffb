"""Motion saliency without weights."""

from collections.abc import Mapping

import numpy as np

from ..arguments import check_number
from ..registry import TASK_UTILS
from .camera_motion import motion_saliency


@TASK_UTILS.register_module()
class ResidualMotion:
    """How far optical flow departs from the camera's, see :func:`.camera_motion.motion_saliency`.

    Args:
        tolerance: How many times the typical background residual counts as large.

    Raises:
        S2DInputError: If it is not above 0.
    """

    def __init__(self, tolerance: float = 3.0):
        check_number(self, tolerance=tolerance, above=0)
        self.tolerance = tolerance

    def __call__(self, flows: Mapping[int, np.ndarray],
                 greys: Mapping[int, np.ndarray]) -> np.ndarray:
        """Measure the frame with gap 0.

        Args:
            flows: Frame gap (negative: to an earlier frame) to flow (H, W, 2); at least one.
            greys: Frame gap, and 0, to the frame (H, W) uint8.

        Returns:
            (H, W) float32 in [0, 1].
        """
        return motion_saliency(flows, self.tolerance)
