"""The contract of proposals: frames of one clip in, scored masks per frame out."""

from abc import ABC, abstractmethod

import numpy as np

from s2d_plugins.errors import S2DInputError
from s2d_plugins.structures import Frames, Progress


class BaseMaskProposer(ABC):
    """Finds object masks in the frames of a clip without labels.

    A new proposer implements :meth:`propose` and registers itself in ``MASK_PROPOSERS``.
    """

    @abstractmethod
    def propose(self, frames: Frames,
                progress: Progress | None = None) -> list[list[dict]]:
        """Propose masks for every frame.

        Args:
            frames: (H, W, 3) uint8 RGB each; they may be read lazily.
            progress: Called with the number of frames done and the number in all.

        Returns:
            Per frame a list of ``dict(segmentation=RLE, score=float)``, highest score first.
            Masks may overlap, scores lie in [0, 1], and a frame's list may be empty.

        Raises:
            S2DInputError: If a frame is not what the contract says.
        """

    def check_ready(self) -> None:  # noqa: B027  most proposers need nothing
        """Check, before a long run, that the code and weights of the proposer are there.

        Raises:
            S2DInputError: Says what is missing and how to get it.
        """


def checked_frame(frames: Frames, index: int,
                  size: tuple[int, int] | None = None) -> np.ndarray:
    """Read one frame and check that it is an image of the expected (height, width).

    Raises:
        S2DInputError: If it is not (H, W, 3) uint8 or differs in size from the first frame.
    """
    frame = frames[index]
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise S2DInputError(f'frame {index}: expected an RGB image (height, width, 3) of uint8, '
                            f'found {frame.shape} of {frame.dtype}; convert the video first')
    if size is not None and frame.shape[:2] != tuple(size):
        raise S2DInputError(f'frame {index}: expected {size[1]}x{size[0]} as in frame 0, found '
                            f'{frame.shape[1]}x{frame.shape[0]}; a clip has one frame size')
    return frame
