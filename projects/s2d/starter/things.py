"""Whole things of generated pictures: bodies with limbs and markings, in several colours.

Outlines are drawn as (h, w) uint8 masks with smooth edges; places are (x, y) in pixels.
"""

import cv2
import numpy as np
from numpy.random import Generator
from surfaces import colour, colour_near, texture

Place = tuple[float, float]
_FRACTION_BITS = 4


def blob(rng: Generator, size: tuple[int, int], centre: Place, radius: float) -> np.ndarray:
    """Draw a round outline with bumps, stretched and turned."""
    rough = rng.uniform(0.05, 0.3)
    turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    distance = np.ones(len(turn))
    for number in range(2, 9):
        distance += rough * rng.normal() / number ** 1.1 * np.cos(
            number * turn + rng.uniform(0, 2 * np.pi))
    distance = np.maximum(distance, 0.2)
    return _stretched(rng, size, centre, radius, distance, turn, 0.35)


def polygon(rng: Generator, size: tuple[int, int], centre: Place, radius: float) -> np.ndarray:
    """Draw a polygon of 3 to 6 corners, every second time a rectangle, stretched and turned."""
    corners = rng.integers(3, 7)
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    distance = rng.uniform(0.6, 1.2, corners)
    if rng.random() < 0.5:
        turn, distance = np.array([0.25, 0.75, 1.25, 1.75]) * np.pi, np.ones(4)
    return _stretched(rng, size, centre, radius, distance, turn, 0.4)


def limb(rng: Generator, size: tuple[int, int], start: Place, length: float, width: float,
         angle: float) -> np.ndarray:
    """Draw a bent limb that tapers to half its width."""
    mask, place, bend, steps = np.zeros(size, np.uint8), np.array(start, float), rng.normal(
        0, 0.5), 6
    for step in range(steps):
        following = place + length / steps * np.array([np.cos(angle), np.sin(angle)])
        thickness = max(1, int(round(width * (1 - 0.5 * step / steps))))
        cv2.line(mask, _fixed_point(place), _fixed_point(following), 255, thickness, cv2.LINE_AA,
                 _FRACTION_BITS)
        place, angle = following, angle + bend / steps
    return mask


def thing(rng: Generator, size: tuple[int, int], radius: float,
          centre: Place) -> tuple[np.ndarray, np.ndarray]:
    """Make one thing: a body, up to five parts that stick out, up to three markings inside.

    Parts have colours of a palette of four, each with a texture of its own; most are shaded
    towards their edges, and one light falls on all.

    Returns:
        (h, w, 3) colours and (h, w) opacity, 0 to 1.
    """
    body_colour = colour(rng)
    palette = [body_colour] + [colour(rng) if rng.random() < 0.5
                               else colour_near(rng, body_colour, 30) for _ in range(3)]
    image, opacity = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    for mask, number in _parts(rng, size, radius, centre):
        surface = texture(rng, size, colour_near(rng, palette[number], 8))
        share = mask.astype(np.float32) / 255
        depth = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
        if rng.random() < 0.6:
            rounding = np.clip(depth / (radius * 0.25 + 1), 0, 1) ** 0.5
            surface = surface * (0.75 + 0.25 * rounding)[..., None]
        image = image * (1 - share[..., None]) + share[..., None] * surface
        opacity = np.maximum(opacity, share)
    light = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:size[0], :size[1]].astype(np.float32)
    slope = (np.cos(light) * (columns - centre[0]) + np.sin(light) * (rows - centre[1])) / max(
        radius, 1)
    image = image * (1 + 0.2 * rng.uniform(0, 1.5) * np.clip(slope, -1, 1))[..., None]
    return np.clip(image, 0, 255), opacity


def _parts(rng: Generator, size: tuple[int, int], radius: float,
           centre: Place) -> list[tuple[np.ndarray, int]]:
    """Draw outlines from back to front, with the number of their colour; 0 is the body's."""
    rigid = rng.random() < 0.35
    body = (polygon if rigid else blob)(rng, size, centre, radius * 0.8)
    parts = [(body, 0)]
    for _ in range(rng.integers(0, 6)):
        angle = rng.uniform(0, 2 * np.pi)
        place = _beside(centre, angle, radius * rng.uniform(0.4, 0.95))
        kind = rng.random()
        if kind < 0.4:
            mask = limb(rng, size, place, radius * rng.uniform(0.4, 1.2),
                        max(2, radius * rng.uniform(0.08, 0.4)), angle + rng.normal(0, 0.6))
        elif kind < 0.8:
            mask = blob(rng, size, place, radius * rng.uniform(0.2, 0.55))
        else:
            mask = polygon(rng, size, place, radius * rng.uniform(0.2, 0.5))
        behind = rng.random() < 0.5
        parts.insert(0 if behind else len(parts), (mask, int(rng.integers(0, 4))))
    for _ in range(rng.integers(0, 4)):
        angle = rng.uniform(0, 2 * np.pi)
        place = _beside(centre, angle, radius * rng.uniform(0, 0.6))
        marking = np.minimum(blob(rng, size, place, radius * rng.uniform(0.1, 0.4)), body)
        parts.append((marking, int(rng.integers(0, 4))))
    return parts


def _beside(centre: Place, angle: float, distance: float) -> Place:
    return centre[0] + distance * np.cos(angle), centre[1] + distance * np.sin(angle)


def _stretched(rng: Generator, size: tuple[int, int], centre: Place, radius: float,
               distance: np.ndarray, turn: np.ndarray, spread: float) -> np.ndarray:
    """Fill an outline given by distances at angles, stretched and turned at random."""
    stretch, angle = np.exp(rng.normal(0, spread)), rng.uniform(0, np.pi)
    x, y = distance * np.cos(turn) * stretch, distance * np.sin(turn) / stretch
    points = np.stack([centre[0] + radius * (np.cos(angle) * x - np.sin(angle) * y),
                       centre[1] + radius * (np.sin(angle) * x + np.cos(angle) * y)], 1)
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.int32(np.round(points * 2 ** _FRACTION_BITS))], 255, cv2.LINE_AA,
                 _FRACTION_BITS)
    return mask


def _fixed_point(place: np.ndarray) -> tuple[int, int]:
    return tuple(np.int32(place * 2 ** _FRACTION_BITS).tolist())
