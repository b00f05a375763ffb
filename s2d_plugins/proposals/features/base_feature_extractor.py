"""The contract of patch features: frames of one clip in, a grid of features per frame out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from ...errors import S2DInputError
from ...structures import Frames


class BaseFeatureExtractor(ABC):
    """Describes the patches of frames, so that MaskCut can say which look alike.

    A new extractor implements :meth:`extract` and registers itself in ``FEATURE_EXTRACTORS``.
    """

    @abstractmethod
    def extract(self, frames: Frames) -> Iterator[np.ndarray]:
        """Yield the features of every frame, in order.

        Args:
            frames: (H, W, 3) uint8 RGB each; they may be read lazily.

        Yields:
            (D, rows, columns) float32 of a grid of patches that covers the frame evenly. Patches
            look alike where the cosine of their features is high.

        Raises:
            S2DInputError: If a frame is not what the contract says, or smaller than a patch.
        """

    def check_ready(self) -> None:  # noqa: B027  most extractors need nothing
        """Check, before a long run, that the code and weights of the extractor are there.

        Raises:
            S2DInputError: Says what is missing and how to get it.
        """


def check_room(frame: np.ndarray, index: int, patch: int) -> None:
    """Check that a frame is no smaller than a patch.

    Raises:
        S2DInputError: If it is.
    """
    height, width = frame.shape[:2]
    if min(height, width) < patch:
        raise S2DInputError(f'frame {index}: expected a patch of {patch}x{patch} pixels or more, '
                            f'found {width}x{height}; enlarge the video, or leave it out')
