"""Generated pictures: whole things in front of plain or cluttered surroundings.

Nothing is taken from any photograph. What a model can learn here is what a thing is in an image:
closed, in front of what is behind it, often of several colours, unlike the many small pieces of a
texture.
"""

import cv2
import numpy as np
from numpy.random import Generator
from surfaces import colour, colour_near, noise, texture
from things import blob, limb, thing

#: Share of a picture that a thing must show to be labelled, and least pixels.
MIN_SHARE, MIN_PIXELS = 0.002, 60


def picture(seed: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Generate one picture.

    Args:
        seed: The same seed and size give the same picture.
        size: (h, w).

    Returns:
        (h, w, 3) uint8 RGB and (N, h, w) bool, the visible part of each of its N >= 0 things.
    """
    rng = np.random.default_rng(seed)
    image, masks = surroundings(rng, size), []
    for _ in range(rng.choice([1, 2, 3, 4], p=[0.45, 0.3, 0.15, 0.1])):
        image, opacity = _with_thing(rng, image)
        masks = [mask & ~(opacity > 0.5) for mask in masks] + [opacity > 0.5]
    if rng.random() < 0.25:
        for _ in range(rng.integers(1, 4)):
            image, hidden = _with_obstacle(rng, image)
            masks = [mask & ~hidden for mask in masks]
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.0))
    image = image + rng.normal(0, rng.uniform(0, 5), image.shape)
    image = (np.clip(image, 0, 255) / 255) ** np.exp(rng.normal(0, 0.2)) * 255
    smallest = max(MIN_PIXELS, MIN_SHARE * size[0] * size[1])
    masks = [mask for mask in masks if mask.sum() >= smallest]
    return (np.uint8(np.clip(image, 0, 255)),
            np.stack(masks) if masks else np.zeros((0, *size), bool))


def surroundings(rng: Generator, size: tuple[int, int]) -> np.ndarray:
    """Make one to three surfaces, some with clutter, some out of focus."""
    base = colour(rng)
    image = texture(rng, size, base)
    for _ in range(rng.integers(0, 3)):
        image = _with_surface(rng, image, base)
    for _ in range(rng.choice([0, 1, 2], p=[0.35, 0.4, 0.25])):
        image = _with_clutter(rng, image, base)
    if rng.random() < 0.6:
        image = image * (1 + 0.25 * noise(rng, size, 2.2)[..., None] * rng.uniform(0.2, 1))
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), rng.uniform(0.6, 4))
    return image.astype(np.float32)


def _with_surface(rng: Generator, image: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Cover one side of a line, mostly a lying one: ground, sky, walls."""
    size = height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.normal(np.pi / 2, 0.25) if rng.random() < 0.7 else rng.uniform(0, np.pi)
    side = (np.cos(angle) * (columns / width - 0.5) + np.sin(angle) * (rows / height - 0.5)
            - rng.uniform(-0.35, 0.35) + noise(rng, size, 1.6) * rng.choice([0, 0.01, 0.04]))
    share = np.clip(side * height * rng.choice([0.05, 0.3, 1]), 0, 1)[..., None]
    surface = colour(rng) if rng.random() < 0.6 else colour_near(rng, base, 40)
    return image * (1 - share) + share * texture(rng, size, surface)


def _with_clutter(rng: Generator, image: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Scatter many like pieces: leaves, stones, blades."""
    size = height, width = image.shape[:2]
    paint = colour(rng) if rng.random() < 0.4 else colour_near(rng, base, 35)
    piece, count = rng.uniform(2, 12), int(rng.uniform(30, 200))
    surface = texture(rng, size, paint)
    middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    spread = np.array([width, height]) * rng.uniform(0.15, 0.6)
    kind, angle = rng.choice(['blob', 'line', 'polygon']), rng.uniform(0, np.pi)
    mask, shade = np.zeros(size, np.uint8), np.zeros(size, np.float32)
    for _ in range(count):
        place, length = rng.normal(middle, spread), piece * np.exp(rng.normal(0, 0.3))
        if kind == 'line':
            direction = angle + rng.normal(0, 0.3)
            end = place + length * 3 * np.array([np.cos(direction), np.sin(direction)])
            ends, thickness = (_whole(place), _whole(end)), max(1, int(length / 5))
            cv2.line(mask, *ends, 255, thickness, cv2.LINE_AA)
            cv2.line(shade, *ends, rng.normal(0, 15), thickness)
        else:
            turn = np.linspace(0, 2 * np.pi, 8 if kind == 'blob' else 4, endpoint=False)
            turn = turn + rng.uniform(0, 6)
            distance = length * rng.uniform(0.6, 1.2, len(turn))
            points = np.int32(np.stack([place[0] + distance * np.cos(turn),
                                        place[1] + distance * np.sin(turn)], 1))
            cv2.fillPoly(mask, [points], 255, cv2.LINE_AA)
            cv2.fillPoly(shade, [points], rng.normal(0, 15))
    share = (mask / 255.0)[..., None]
    return image * (1 - share) + share * (surface + shade[..., None])


def _whole(place: np.ndarray) -> tuple[int, int]:
    return tuple(np.int32(place).tolist())


def _with_thing(rng: Generator, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put a thing in front, some with a shadow, some coloured as what is behind them."""
    size = height, width = image.shape[:2]
    radius = height / 160 * np.clip(np.exp(rng.normal(np.log(34), 0.55)), 9, 85)
    centre = (rng.normal(width / 2, width * 0.22), rng.normal(height / 2, height * 0.2))
    colours, opacity = thing(rng, size, radius, centre)
    if rng.random() < 0.4:
        shadow = np.roll(opacity, (rng.integers(0, 8), rng.integers(-6, 6)), (0, 1))
        shadow = cv2.GaussianBlur(shadow, (0, 0), rng.uniform(1, 8))
        image = image * (1 - 0.5 * rng.random() * shadow[..., None])
    inside = opacity > 0.5
    if rng.random() < 0.3 and inside.any():
        colours = colours + 0.6 * (image[inside].mean(0) - colours[inside].mean(0))
    softness = rng.choice([0, 0.5, 1.0])
    share = (cv2.GaussianBlur(opacity, (0, 0), softness) if softness else opacity)[..., None]
    return image * (1 - share) + share * np.clip(colours, 0, 255), opacity


def _with_obstacle(rng: Generator, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hide a part of everything behind a branch or a blob at the border."""
    size = height, width = image.shape[:2]
    at_side = rng.random() < 0.5
    centre = (rng.choice([0, width]), rng.uniform(0, height)) if at_side else (
        rng.uniform(0, width), rng.choice([0, height]))
    if rng.random() < 0.6:
        mask = limb(rng, size, centre, rng.uniform(60, 250), rng.uniform(2, 10),
                    rng.uniform(0, 6.3))
    else:
        mask = blob(rng, size, centre, rng.uniform(10, 40))
    share = mask.astype(np.float32)[..., None] / 255
    surface = cv2.GaussianBlur(texture(rng, size, colour(rng)), (0, 0), 1.5)
    return image * (1 - share) + share * surface, share[..., 0] > 0.5
