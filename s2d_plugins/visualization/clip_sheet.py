"""One picture that shows what several models see in a clip."""

from collections.abc import Mapping, Sequence

import numpy as np

from .contact_sheet import grid_sheet, resized_to_width
from .overlay import ColoredMask, draw_masks

_LEAST_CELL, _MOST_WIDTH = 240, 1600


def clip_sheet(frames: Sequence[np.ndarray],
               columns: Mapping[str, Sequence[Sequence[ColoredMask]]]) -> np.ndarray:
    """Draw a clip, a row a frame, with a column for each set of masks.

    Args:
        frames: (H, W, 3) uint8 RGB, of one size.
        columns: Title to the masks of each frame.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    most = _MOST_WIDTH // max(1, len(columns))
    width = min(most, max(_LEAST_CELL, frames[0].shape[1]))
    shown = [resized_to_width(frame, width) for frame in frames]
    return grid_sheet(list(columns), [
        [(draw_masks(frame, masks[index]), f'frame {index}: {len(masks[index])}')
         for masks in columns.values()]
        for index, frame in enumerate(shown)])
