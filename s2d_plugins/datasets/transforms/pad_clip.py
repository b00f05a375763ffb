"""Give the frames of a clip one size."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...arguments import check_number, items_of
from ...registry import TRANSFORMS


@TRANSFORMS.register_module()
class PadClip(BaseTransform):
    """Pad the frames of a clip at the right and below to the largest height and width of them.

    Frames that were cropped one by one differ in size (S2D, arXiv 2512.14440), and a clip is packed
    as one array. Works on whole clips: it stands outside ``TransformBroadcaster``, before
    ``PackTrackInputs``. Images get the mean colour, which normalisation turns into about 0, the
    value that the data preprocessor pads batches with; masks get nothing. ``img_shape`` stays that
    of each frame without padding; ``pad_shape`` is (height, width) with it.

    Args:
        color: The colour to pad with in the order of the image's channels (mmcv's loading gives
            BGR), 0 to 255: the data preprocessor's mean.

    Raises:
        S2DInputError: If ``color`` is none.
    """

    def __init__(self, color: Sequence[float] = (103.53, 116.28, 123.675)):
        check_number(self, low=0, high=255, **items_of(self, 'color', color, length=3))
        self.color = tuple(round(value) for value in color)

    def transform(self, results: dict) -> dict:
        """Pad a clip: lists with one entry per frame."""
        height, width = np.max([image.shape[:2] for image in results['img']], axis=0).tolist()
        results['img'] = [self._pad(image, height, width) for image in results['img']]
        if 'gt_masks' in results:
            results['gt_masks'] = [
                masks if masks.masks.shape[1:] == (height, width) else masks.pad((height, width))
                for masks in results['gt_masks']]
        results['pad_shape'] = [(height, width)] * len(results['img'])
        return results

    def _pad(self, image: np.ndarray, height: int, width: int) -> np.ndarray:
        if image.shape[:2] == (height, width):
            return image
        return cv2.copyMakeBorder(image, 0, height - image.shape[0], 0, width - image.shape[1],
                                  cv2.BORDER_CONSTANT, value=self.color)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(color={self.color})'
