"""Cameras and the motion that they give to still and moving things of generated scenes.

Flow is (h, w, 2) float32 in pixels, x then y, from the frame in the middle to the one ``gap``
frames later. Places on the image plane are in units of the focal length, the frame's width.
"""

import cv2
import numpy as np
from numpy.random import Generator

#: Frames of a scene beside the one in the middle.
GAPS = (-6, -3, -1, 1, 3, 6)
SIZE = HEIGHT, WIDTH = 240, 416
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
X, Y = (COLUMNS - WIDTH / 2) / WIDTH, (ROWS - HEIGHT / 2) / WIDTH
CAMERAS, CAMERA_SHARES = ('static', 'pan', 'follow', 'walk', 'shake'), (.15, .25, .25, .25, .1)

#: Per gap rotation (3,) and translation (3,).
Camera = dict[int, tuple[np.ndarray, np.ndarray]]


def camera(rng: Generator) -> Camera:
    """Draw a camera that stands, turns, goes beside what it shows, walks forward or shakes."""
    kind = rng.choice(CAMERAS, p=CAMERA_SHARES)
    speed = np.exp(rng.normal(np.log(3.5), .8)) / WIDTH
    angle = rng.normal(0, .35) + rng.choice([0, np.pi])
    way = speed * np.array([np.cos(angle), np.sin(angle)])
    turn, move = np.zeros(3), np.zeros(3)
    jitter = np.exp(rng.normal(np.log(.4), .7)) / WIDTH
    if kind == 'pan':
        turn[:2] = way
    elif kind == 'follow':
        move[:2] = way
        turn[:2] = -way * rng.uniform(0, 1) * rng.choice([0, 1])
        move[2] = rng.normal(0, .3 * speed)
    elif kind == 'walk':
        move[2] = rng.choice([-1, 1]) * speed * 1.5
        move[:2] = way * .3
        turn[:2] = way * .3 * rng.normal()
    else:
        jitter *= rng.choice([0, .3]) if kind == 'static' else 4
    turn[2] = rng.normal(0, .3 * speed) * rng.choice([0, 1])
    gain = rng.normal(0, .15)
    found = {}
    for gap in GAPS:
        time = gap * (1 + gain * gap / 6)
        found[gap] = (turn * time + np.r_[rng.normal(0, jitter, 2), rng.normal(0, jitter)],
                      move * time + np.r_[rng.normal(0, jitter * .5, 2), 0])
    return found


def still_flow(turn_move: tuple[np.ndarray, np.ndarray], nearness: np.ndarray,
               x: np.ndarray = X, y: np.ndarray = Y) -> np.ndarray:
    """Flow of still things, for small turns.

    Args:
        turn_move: Rotation and translation of the camera.
        nearness: Inverse depth at the places.
        x: Places on the image plane.
        y: As ``x``.
    """
    turn, move = turn_move
    right = turn[0] - turn[2] * y + nearness * (move[0] - x * move[2])
    down = turn[1] + turn[2] * x + nearness * (move[1] - y * move[2])
    return np.stack([right, down], axis=-1).astype(np.float32) * WIDTH


def smooth_field(rng: Generator, cells: int, strength: float) -> np.ndarray:
    """Draw a smooth field (h, w) with about ``cells`` bumps along a side."""
    coarse = rng.normal(0, 1, (cells + 2, cells + 3)).astype(np.float32)
    return strength * cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def smooth_flow(rng: Generator, cells: int, strength: float) -> np.ndarray:
    """Draw two smooth fields as a flow."""
    return np.stack([smooth_field(rng, cells, strength), smooth_field(rng, cells, strength)],
                    axis=-1)
