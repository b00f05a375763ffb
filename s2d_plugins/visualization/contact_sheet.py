"""One picture that shows what keymask discovery made of the proposals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..fileio.whole_files import write_bytes
from .colors import instance_color, score_color
from .overlay import ColoredMask, draw_masks, write_text

COLUMNS = ('frame', 'proposals: score red 0 to green 1', 'keymasks: one colour an instance')
_GAP = 6
_CAPTION = 26
_LEAST_CELL = 340


@dataclass(frozen=True)
class SheetRow:
    """One sampled frame.

    Attributes:
        caption: Where it is from.
        frame: (H, W, 3) uint8 RGB.
        proposals: ``dict(segmentation=RLE, score=float)`` each.
        keymasks: Instance id and RLE of each mask that became a keymask; None leaves the column
            out where no row has any.
    """

    caption: str
    frame: np.ndarray
    proposals: Sequence[dict]
    keymasks: Sequence[tuple[int, dict]] | None


def sample_frames(num_frames: int, num_rows: int) -> list[int]:
    """Return up to ``num_rows`` frame numbers, spread evenly, without the very ends."""
    num_rows = min(num_rows, num_frames)
    return [int((row + 0.5) * num_frames / num_rows) for row in range(num_rows)]


def contact_sheet(rows: Sequence[SheetRow], max_width: int = 1600) -> np.ndarray:
    """Draw the rows under one another: frame, proposals, keymasks.

    Args:
        rows: At least one.
        max_width: Of the picture, in pixels.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    columns = COLUMNS[:2] if all(row.keymasks is None for row in rows) else COLUMNS
    cell_width = (max_width - (len(columns) + 1) * _GAP) // len(columns)
    cell_width = min(cell_width, max(_LEAST_CELL, *(row.frame.shape[1] for row in rows)))
    drawn = []
    for row in rows:
        frame = resized_to_width(row.frame, cell_width)
        drawn.append([
            (frame, row.caption),
            (draw_proposals(frame, row.proposals), f'{len(row.proposals)} proposals'),
            (draw_masks(frame, _keymask_masks(row)),
             f'{len(row.keymasks or ())} became keymasks')][:len(columns)])
    return grid_sheet(columns, drawn)


def grid_sheet(titles: Sequence[str],
               rows: Sequence[Sequence[tuple[np.ndarray, str]]]) -> np.ndarray:
    """Put pictures with captions into a grid.

    Args:
        titles: Of the columns.
        rows: Per row as many pictures (H, W, 3) uint8 RGB, each with its caption; all of one width,
            within a row of one height.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    cell_width = rows[0][0][0].shape[1]
    width = len(titles) * (cell_width + _GAP) + _GAP
    strips = [_title(titles, cell_width, width)]
    for row in rows:
        height = row[0][0].shape[0]
        strip = np.full((height + _CAPTION, width, 3), 32, np.uint8)
        for column, (cell, caption) in enumerate(row):
            left = _GAP + column * (cell_width + _GAP)
            strip[:height, left:left + cell_width] = cell
            write_text(strip, caption, (left, height + _CAPTION - 9))
        strips.append(strip)
    return np.concatenate(strips)


def resized_to_width(frame: np.ndarray, width: int) -> np.ndarray:
    """Resize a picture (H, W, 3) to a width; its aspect ratio stays."""
    height = max(1, round(frame.shape[0] * width / frame.shape[1]))
    shrinks = width < frame.shape[1]
    return cv2.resize(frame, (width, height),
                      interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Write an RGB image as PNG, whole or not at all.

    Raises:
        S2DOutputError: If the file cannot be written.
    """
    data = cv2.imencode('.png', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
    write_bytes(path, data.tobytes())


def _title(columns: Sequence[str], cell_width: int, width: int) -> np.ndarray:
    strip = np.full((_CAPTION + 4, width, 3), 32, np.uint8)
    for column, title in enumerate(columns):
        write_text(strip, title, (_GAP + column * (cell_width + _GAP), 20))
    return strip


def draw_proposals(frame: np.ndarray, proposals: Sequence[dict]) -> np.ndarray:
    """Return a copy of an RGB frame (H, W, 3) with proposals, coloured by their scores."""
    return draw_masks(frame, [
        ColoredMask(mask['segmentation'], score_color(mask['score']), f'{mask["score"]:.2f}')
        for mask in proposals])


def _keymask_masks(row: SheetRow) -> list[ColoredMask]:
    return [ColoredMask(rle, instance_color(number), str(number))
            for number, rle in row.keymasks or ()]
