"""Made videos whose masks are known exactly: textured objects that move over textured ground.

Objects of several shapes carry a pattern in a light and a dark tone of one colour; the ground is
noise of many colours and pans slowly, so that no colour tells them apart. Objects move, turn, grow
or shrink, hide each other, come in and leave. A later object is in front of an earlier one.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SIZE = (64, 96)
LENGTH = 10
SHAPES = ('disc', 'box', 'triangle', 'star', 'bean')
PATTERNS = ('stripes', 'checks', 'dots')
_LEAST_VISIBLE = 0.5  # share of the frames in which each object shows at least ...
_LEAST_AREA = 40  # ... so many pixels
_NOISE = 4.0
_COMING = 0.35  # share of the objects that come in or leave


@dataclass(frozen=True)
class Sprite:
    """One object.

    Attributes:
        texture: (h, w, 3) uint8 RGB.
        shape: (h, w) bool, the pixels of the texture that belong to the object.
        path: (T, 4) per frame: x and y of the patch's centre, in pixels from the frame's top left
            corner, angle in degrees (anticlockwise), scale.
    """

    texture: np.ndarray
    shape: np.ndarray
    path: np.ndarray


@dataclass(frozen=True)
class MadeVideo:
    """A video and all its masks.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB.
        masks: (N, T, H, W) bool, the visible pixels of each object.
    """

    frames: np.ndarray
    masks: np.ndarray


def make_video(rng: np.random.Generator, length: int = LENGTH, size: tuple[int, int] = SIZE,
               ) -> MadeVideo:
    """Draw a video of 2 or 3 objects, each visible in at least half of the frames.

    Args:
        rng: All randomness.
        length: Frames.
        size: (height, width) in pixels.
    """
    while True:
        sprites = [draw_sprite(rng, length, size) for _ in range(rng.integers(2, 4))]
        video = render(draw_ground(rng, length, size), sprites)
        seen = (video.masks.sum(axis=(2, 3)) >= _LEAST_AREA).mean(axis=1)
        if seen.min() >= _LEAST_VISIBLE:
            noisy = video.frames + rng.normal(0, _NOISE, video.frames.shape)
            return MadeVideo(noisy.clip(0, 255).astype(np.uint8), video.masks)


def render(ground: np.ndarray, sprites: list[Sprite]) -> MadeVideo:
    """Put sprites on the ground (T, H, W, 3) uint8, the later in front of the earlier.

    A pixel belongs to the front object whose shape covers its centre, and shows that object alone.
    """
    frames = ground.copy()
    height, width = frames.shape[1:3]
    masks = np.zeros((len(sprites), *frames.shape[:3]), bool)
    for number, sprite in enumerate(sprites):
        rows, columns = sprite.shape.shape
        for frame, (x, y, angle, scale) in enumerate(sprite.path):
            centre = ((columns - 1) / 2, (rows - 1) / 2)
            matrix = cv2.getRotationMatrix2D(centre, angle, scale)
            # pixel centres lie at half pixels: a patch centred at x covers x - columns / 2 on
            matrix[:, 2] += (x - 0.5 - centre[0], y - 0.5 - centre[1])
            inside = cv2.warpAffine(sprite.shape.astype(np.uint8), matrix, (width, height),
                                    flags=cv2.INTER_NEAREST).astype(bool)
            painted = cv2.warpAffine(sprite.texture, matrix, (width, height),
                                     borderMode=cv2.BORDER_REPLICATE)
            frames[frame][inside] = painted[inside]
            masks[:number, frame] &= ~inside
            masks[number, frame] = inside
    return MadeVideo(frames, masks)


def draw_ground(rng: np.random.Generator, length: int, size: tuple[int, int]) -> np.ndarray:
    """Draw smooth noise over patches of colour, seen by a slowly moving camera."""
    height, width = size
    speed = rng.uniform(-1, 1, 2)
    margin = length + 2
    canvas_size = (height + 2 * margin, width + 2 * margin)
    canvas = np.zeros((*canvas_size, 3), np.float32)
    for cell, strength in ((40, 90), (12, 40), (4, 25)):
        coarse = rng.uniform(-1, 1, (canvas_size[0] // cell + 2, canvas_size[1] // cell + 2, 3))
        canvas += strength * cv2.resize(coarse.astype(np.float32), canvas_size[::-1],
                                        interpolation=cv2.INTER_CUBIC)
    canvas = (canvas + rng.uniform(80, 176, 3)).clip(0, 255).astype(np.uint8)
    frames = np.empty((length, height, width, 3), np.uint8)
    for frame in range(length):
        x, y = margin + speed * (frame - length / 2)
        frames[frame] = cv2.warpAffine(canvas, np.float32([[1, 0, -x], [0, 1, -y]]),
                                       (width, height))
    return frames


def draw_sprite(rng: np.random.Generator, length: int, size: tuple[int, int]) -> Sprite:
    """Draw one object with its way through the video."""
    side = int(rng.integers(round(0.34 * size[0]), round(0.6 * size[0])))
    path = draw_path(rng, length, size)
    if rng.random() < _COMING:
        path = draw_entrance(rng, length, size, side / 2)
        if rng.random() < 0.5:
            path = path[::-1]  # it leaves
    return Sprite(draw_texture(rng, side), draw_shape(rng, side), path)


def draw_path(rng: np.random.Generator, length: int, size: tuple[int, int]) -> np.ndarray:
    """Draw a way through some point of the frame; (T, 4), see :class:`Sprite`."""
    height, width = size
    there = rng.uniform(0.15, 0.85, 2) * (width, height)
    return _move(rng, np.arange(length) - rng.integers(length), there,
                 heading=rng.uniform(0, 2 * np.pi), speed=rng.uniform(0.008, 0.03) * width)


def draw_entrance(rng: np.random.Generator, length: int, size: tuple[int, int],
                  radius: float) -> np.ndarray:
    """Draw the way of an object of ``radius`` pixels that is still outside in the first frames."""
    height, width = size
    from_left = rng.random() < 0.5
    outside = np.array([-radius if from_left else width + radius, rng.uniform(0.2, 0.8) * height])
    return _move(rng, np.arange(length) - rng.integers(1, 4), outside,
                 heading=rng.uniform(-0.5, 0.5) + (0 if from_left else np.pi),
                 speed=rng.uniform(0.03, 0.05) * width)


def _move(rng: np.random.Generator, time: np.ndarray, there: np.ndarray, heading: float,
          speed: float) -> np.ndarray:
    """Move on a slightly bent way that is ``there`` (x, y) at time 0, turning and growing."""
    angles = heading + rng.uniform(-0.08, 0.08) * time
    xy = np.cumsum(speed * np.stack([np.cos(angles), np.sin(angles)], axis=1), axis=0)
    xy += there - xy[time == 0]
    turn = rng.uniform(0, 360) + rng.uniform(-6, 6) * time
    return np.stack([*xy.T, turn, np.exp(rng.uniform(-0.025, 0.025) * time)], axis=1)


def draw_shape(rng: np.random.Generator, side: int) -> np.ndarray:
    """Draw one of :data:`SHAPES` that fills a (side, side) patch; bool."""
    kind = SHAPES[rng.integers(len(SHAPES))]
    angles = np.arange(120) * 2 * np.pi / 120
    aspect = rng.uniform(0.6, 1)
    if kind == 'box':
        radius = 1 / np.maximum(np.abs(np.cos(angles)), np.abs(np.sin(angles)))
    elif kind == 'triangle':
        radius = 0.5 / np.cos((angles % (2 * np.pi / 3)) - np.pi / 3)
    elif kind == 'star':
        radius = 0.7 + 0.3 * np.cos(5 * angles)
    elif kind == 'bean':
        radius = 0.75 + 0.25 * np.cos(2 * angles + rng.uniform(0, 6)) * np.cos(angles)
    else:
        radius = np.ones_like(angles)
    points = np.stack([radius * np.cos(angles), aspect * radius * np.sin(angles)], axis=1)
    points *= (side / 2 - 0.5) / np.abs(points).max()
    canvas = np.zeros((side, side), np.uint8)
    cv2.fillPoly(canvas, [np.rint((points + (side - 1) / 2) * 16).astype(np.int32)], 1, shift=4)
    return canvas.astype(bool)


def draw_texture(rng: np.random.Generator, side: int) -> np.ndarray:
    """Draw a pattern in two tones of a colour; (side, side, 3) uint8."""
    middle = rng.uniform(60, 196, 3)
    contrast = rng.uniform(40, 70)
    first, second = middle - contrast, middle + contrast
    period = rng.uniform(5, 9)
    rows, columns = np.mgrid[:side, :side] * 2 * np.pi / period
    kind = PATTERNS[rng.integers(len(PATTERNS))]
    if kind == 'stripes':
        wave = np.sin(columns)
    elif kind == 'checks':
        wave = np.sin(columns) * np.sin(rows)
    else:
        wave = np.sin(columns) + np.sin(rows) - 0.5
    share = 1 / (1 + np.exp(-6 * wave))[..., None]
    return (first * share + second * (1 - share)).clip(0, 255).astype(np.uint8)
