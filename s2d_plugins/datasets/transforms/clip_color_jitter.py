"""Change brightness and contrast of frames."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from ...arguments import check_choice, check_number, check_share
from ...registry import TRANSFORMS

MIDDLE_GREY = 128
#: What contrast may be scaled around.
PIVOTS = ('mean', 'grey')


def color_table(brightness: float, contrast: float, pivot: float = MIDDLE_GREY) -> np.ndarray:
    """Table (256,) uint8 that scales values by brightness, then contrast about ``pivot``."""
    values = np.arange(256, dtype=np.float32) * brightness
    values = (values - pivot) * contrast + pivot
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@TRANSFORMS.register_module()
class ClipColorJitter(BaseTransform):
    """Scale brightness, then contrast, by a look-up table.

    Inside ``TransformBroadcaster`` the factors are drawn anew for each frame of a clip (S2D,
    arXiv 2512.14440), with ``share_random_params=True`` once for all frames.

    Args:
        brightness: The factor is drawn evenly from 1 - brightness to 1 + brightness.
        contrast: Likewise for contrast.
        prob: Probability of each of the two, drawn one by one.
        pivot: The grey level that contrast leaves as it is: ``'mean'``, that of the image, all
            channels together, after its brightness was changed, as published; or ``'grey'``, 128,
            so that with shared factors every frame of a clip is mapped alike.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    def __init__(self, brightness: float = 0.1, contrast: float = 0.1, prob: float = 0.5,
                 pivot: str = 'mean'):
        check_number(self, brightness=brightness, contrast=contrast, low=0, below=1)
        check_share(self, prob=prob)
        check_choice(self, PIVOTS, pivot=pivot)
        self.brightness = brightness
        self.contrast = contrast
        self.prob = prob
        self.pivot = pivot

    @cache_randomness
    def draw_factors(self) -> tuple[float, float]:
        """Draw the factors of brightness and contrast; 1 stands for none."""
        return tuple(1 + np.random.uniform(-limit, limit) * (np.random.rand() < self.prob)
                     for limit in (self.brightness, self.contrast))

    def transform(self, results: dict) -> dict:
        """Change one frame, a uint8 image."""
        brightness, contrast = self.draw_factors()
        image = results['img']
        pivot = MIDDLE_GREY
        if contrast != 1 and self.pivot == 'mean':
            pivot = float(np.mean(cv2.mean(image)[:image.shape[2]])) * brightness
        if (brightness, contrast) != (1, 1):
            results['img'] = cv2.LUT(image, color_table(brightness, contrast, pivot))
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(brightness={self.brightness}, '
                f'contrast={self.contrast}, prob={self.prob}, pivot={self.pivot!r})')
