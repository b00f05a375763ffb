"""Frames as JPEG and masks as outlines over them, small enough for a page."""

import base64

import cv2
import numpy as np

from ...labels.rle import decode_mask

LONGEST_SIDE = 640
_JPEG_QUALITY = 76
#: Outlines stray at most so many pixels of the picture.
_TOLERANCE = 0.7


def encode_frame(frame: np.ndarray) -> dict:
    """Return an RGB frame (H, W, 3) as ``dict(jpeg=base64 text, width, height)``."""
    height, width = frame.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    data = cv2.imencode('.jpg', cv2.cvtColor(small, cv2.COLOR_RGB2BGR),
                        [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return dict(jpeg=base64.b64encode(data.tobytes()).decode(), width=size[0], height=size[1])


def outline(rle: dict, size: tuple[int, int]) -> str:
    """Return a mask's outlines as an SVG path, for the fill rule ``evenodd``.

    Args:
        rle: A checked mask of any size.
        size: (width, height) of the picture, whose pixels are the path's units.
    """
    mask = decode_mask(rle).astype(np.uint8)
    if mask.shape != size[::-1]:
        mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    parts = []
    for contour in contours:
        points = cv2.approxPolyDP(contour, _TOLERANCE, True).reshape(-1, 2)
        if len(points) > 2:
            parts.append('M' + ' '.join(f'{x},{y}' for x, y in points.tolist()) + 'Z')
    return ''.join(parts)


def hex_color(color: tuple[int, int, int]) -> str:
    """Return an RGB colour as CSS has it."""
    return '#{:02x}{:02x}{:02x}'.format(*color)
