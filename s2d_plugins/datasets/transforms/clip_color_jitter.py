"""Change brightness and contrast of a clip."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ...arguments import check_number, check_share
from ...registry import TRANSFORMS

MIDDLE_GREY = 128


def color_table(brightness: float, contrast: float) -> np.ndarray:
    """Table (256,) uint8 that scales values by brightness, then contrast about middle grey."""
    values = np.arange(256, dtype=np.float32) * brightness
    values = (values - MIDDLE_GREY) * contrast + MIDDLE_GREY
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@TRANSFORMS.register_module()
class ClipColorJitter(BaseTransform):
    """Scale brightness and contrast, by the same factors in all frames of a clip.

    One look-up table does both, so it costs next to nothing, and contrast turns about middle grey
    instead of each frame's mean, so every frame is mapped alike. For use inside
    ``TransformBroadcaster(share_random_params=True)``.

    Args:
        brightness: The factor is drawn evenly from 1 - brightness to 1 + brightness.
        contrast: Likewise for contrast.
        prob: Probability of each of the two, drawn one by one.

    Raises:
        S2DInputError: If an argument is no number or out of its range.
    """

    def __init__(self, brightness: float = 0.1, contrast: float = 0.1, prob: float = 0.5):
        check_number(self, brightness=brightness, contrast=contrast, low=0, below=1)
        check_share(self, prob=prob)
        self.brightness = brightness
        self.contrast = contrast
        self.prob = prob

    @cache_randomness
    def draw_factors(self) -> tuple[float, float]:
        """Draw the clip's factors of brightness and contrast; 1 stands for none."""
        return tuple(1 + np.random.uniform(-limit, limit) * (np.random.rand() < self.prob)
                     for limit in (self.brightness, self.contrast))

    def transform(self, results: dict) -> dict:
        """Change one frame, a uint8 image."""
        factors = self.draw_factors()
        if factors != (1, 1):
            results['img'] = cv2.LUT(results['img'], color_table(*factors))
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(brightness={self.brightness}, '
                f'contrast={self.contrast}, prob={self.prob})')
