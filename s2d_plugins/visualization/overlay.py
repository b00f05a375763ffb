"""Masks drawn over frames, and whole videos of them, frame by frame."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..arguments import check_flag, check_share
from ..labels.mask_reader import read_rle
from ..labels.rle import areas_and_boxes, decode_mask
from .colors import instance_color
from .video_writer import VideoWriter

_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class ColoredMask:
    """One mask to draw.

    Attributes:
        segmentation: RLE; drawn at the frame's size, whatever its own.
        color: RGB, 0 to 255.
        label: Short text at the mask's centre; empty for none.
    """

    segmentation: dict
    color: tuple[int, int, int]
    label: str = ''


@dataclass(frozen=True)
class OverlayStyle:
    """How instances are drawn over frames.

    Attributes:
        alpha: Opacity of the fill, 0 to 1.
        contours: Draw opaque outlines.
        ids: Write each instance's number on it.
        side_by_side: Show the frame as it is to the left of the drawn one.

    Raises:
        S2DInputError: If a value is none of these.
    """

    alpha: float = 0.5
    contours: bool = True
    ids: bool = True
    side_by_side: bool = False

    def __post_init__(self) -> None:
        check_share(self, alpha=self.alpha)
        check_flag(self, contours=self.contours, ids=self.ids, side_by_side=self.side_by_side)


DEFAULT_STYLE = OverlayStyle()


def fit_size(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return the (height, width) with a longer side of at most ``max_side``, both even."""
    scale = min(1.0, max_side / max(size))
    height, width = (max(2, round(side * scale / 2) * 2) for side in size)
    return height, width


def draw_masks(frame: np.ndarray, masks: Iterable[ColoredMask], alpha: float = 0.5,
               contours: bool = True) -> np.ndarray:
    """Return a copy of an RGB frame (H, W, 3) with masks blended in, larger ones below.

    Args:
        frame: uint8 RGB.
        masks: What to draw.
        alpha: Opacity of the fill.
        contours: Draw outlines, which are opaque.

    Raises:
        S2DInputError: If an RLE does not decode.
    """
    drawn = frame.copy()
    height, width = frame.shape[:2]
    line = max(1, round(max(height, width) / 500))
    labels = []
    for mask, rle in _largest_first(masks):
        pixels = decode_mask(rle).view(np.uint8)
        if pixels.shape != (height, width):
            pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST)
        inside = pixels.astype(bool)
        if not inside.any():
            continue
        fill = np.asarray(mask.color, dtype=np.float32) * alpha
        drawn[inside] = (drawn[inside] * (1 - alpha) + fill).astype(np.uint8)
        lines, _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if contours:
            cv2.drawContours(drawn, lines, -1, mask.color, line)
        if mask.label:
            labels.append((mask.label, _centre(lines)))
    for text, point in labels:
        write_text(drawn, text, point)
    return drawn


def _largest_first(masks: Iterable[ColoredMask]) -> list[tuple[ColoredMask, dict]]:
    """Return masks that have pixels, with their checked RLEs."""
    read = [(mask, read_rle(mask.segmentation, f'mask {number} to draw'))
            for number, mask in enumerate(masks)]
    shown = [(mask, rle) for mask, rle in read if rle is not None]
    areas, _ = areas_and_boxes([rle for _, rle in shown])
    return [shown[index] for index in np.argsort(-np.array(areas, int), kind='stable')]


def write_text(image: np.ndarray, text: str, point: tuple[int, int], scale: float = 0.5) -> None:
    """Write white text with a dark edge; ``point`` (x, y) is its lower left corner."""
    cv2.putText(image, text, point, _FONT, scale, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, point, _FONT, scale, (255, 255, 255), 1, cv2.LINE_AA)


def draw_tracks(frame: np.ndarray, segmentations: Sequence[dict | None],
                unsure: Collection[int] = (), style: OverlayStyle = DEFAULT_STYLE) -> np.ndarray:
    """Return a copy of an RGB frame with a video's instances, each in its colour and numbered.

    Args:
        frame: (H, W, 3) uint8 RGB.
        segmentations: Per instance, numbered from 1, its RLE in this frame or None.
        unsure: Numbers that get a question mark.
        style: How they are drawn; side by side the result is twice as wide.
    """
    drawn = draw_masks(frame, [
        ColoredMask(rle, instance_color(number),
                    f'{number}{"?" * (number in unsure)}' if style.ids else '')
        for number, rle in enumerate(segmentations, 1) if rle is not None],
        style.alpha, style.contours)
    return np.hstack([frame, drawn]) if style.side_by_side else drawn


def write_overlay(path: str | Path, frames: Iterable[np.ndarray], size: tuple[int, int],
                  fps: float, tracks: Sequence[Sequence[dict | None]], max_side: int = 1280,
                  progress: Callable[[int], None] | None = None,
                  unsure: Collection[int] = (), times: Sequence[float] | np.ndarray | None = None,
                  encoder: str = 'libx264', style: OverlayStyle = DEFAULT_STYLE) -> None:
    """Write a video with every instance in one colour from first to last frame.

    Args:
        path: Target .mp4; written whole or not at all.
        frames: RGB frames (H, W, 3); one is held at a time.
        size: (height, width) of the frames.
        fps: Frames per second of the result.
        tracks: Per instance, numbered from 1, per frame an RLE or None.
        max_side: Larger videos are made smaller.
        progress: Called with the number of frames written.
        unsure: Numbers of instances that get a question mark.
        times: When each frame is shown and, last, when the video ends, in seconds, as
            :attr:`~s2d_plugins.video.Video.times` has them; by default every 1 / ``fps``.
        encoder: See :class:`VideoWriter`.
        style: How instances are drawn.

    Raises:
        S2DInputError: If the file cannot be written.
    """
    panels = 2 if style.side_by_side else 1
    height, width = fit_size((size[0], panels * size[1]), max_side)
    width = max(2, width // panels // 2 * 2)
    with VideoWriter(path, (height, panels * width), fps, encoder) as writer:
        for index, frame in enumerate(frames):
            if frame.shape[:2] != (height, width):
                frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            writer.write(draw_tracks(frame, [track[index] for track in tracks], unsure, style),
                         None if times is None else times[index])
            if progress is not None:
                progress(index + 1)
        if times is not None:
            writer.end = times[-1]


def _centre(contours: Sequence[np.ndarray]) -> tuple[int, int]:
    """Return the (x, y) middle of the box around the largest contour, left of it for text."""
    x, y, width, height = cv2.boundingRect(max(contours, key=cv2.contourArea))
    return max(0, x + width // 2 - 5), y + height // 2 + 5
