"""Generated scenes: layers with motions of their own in front of surroundings with depth.

Still things at several depths move in the image too, as parallax; water and leaves move without
going anywhere; shadows go with what throws them. None of these counts as a moving thing.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from pictures import surroundings
from scene_motion import (
    COLUMNS,
    GAPS,
    HEIGHT,
    ROWS,
    SIZE,
    WIDTH,
    Camera,
    X,
    Y,
    camera,
    smooth_field,
    smooth_flow,
    still_flow,
)
from surfaces import noise
from things import blob, thing

Flows = dict[int, np.ndarray]
#: Colours (h, w, 3) and opacity (h, w), both uint8.
Sprite = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Layer:
    """One layer of a scene; layers lie from back to front.

    Attributes:
        colours: (h, w, 3) uint8; None for a shadow, which darkens.
        opacity: (h, w) uint8; None for the surroundings, which fill the frame.
        flows: Per gap the layer's flow.
        number: Of the moving thing, from 1; 0 for all that is still.
    """

    colours: np.ndarray | None
    opacity: np.ndarray | None
    flows: Flows
    number: int = 0


@dataclass(frozen=True)
class Store:
    """Surroundings and things that the scenes of a set share."""

    surroundings: list[np.ndarray]
    things: list[Sprite]

    @classmethod
    def draw(cls, seed: int, backs: int = 60, things: int = 90) -> 'Store':
        """Draw them."""
        rng = np.random.default_rng(seed)
        drawn = [np.uint8(np.clip(surroundings(rng, SIZE), 0, 255)) for _ in range(backs)]
        sprites = []
        for _ in range(things):
            colours, opacity = thing(rng, (160, 200), rng.uniform(35, 60), (100, 80))
            sprites.append((np.uint8(colours), np.uint8(opacity * 255)))
        return cls(drawn, sprites)

    def any_surroundings(self, rng: Generator) -> np.ndarray:
        """Pick one."""
        return self.surroundings[rng.integers(len(self.surroundings))]

    def any_thing(self, rng: Generator) -> Sprite:
        """Pick one and put it somewhere into a frame, at any size."""
        return _placed(rng, self.things[rng.integers(len(self.things))])


def scene(rng: Generator, store: Store) -> list[Layer]:
    """Draw a scene: surroundings, still layers, none to three moving things, what hides them."""
    moves = camera(rng)
    layers = [_surroundings(rng, store, moves)]
    layers += [_still_layer(rng, store, moves, front=False)
               for _ in range(rng.choice([0, 1, 2, 3], p=[.45, .3, .15, .1]))]
    for number in range(1, rng.choice([0, 1, 2, 3], p=[.06, .64, .2, .1]) + 1):
        layers += _moving_thing(rng, store, moves, number)
    return layers + [_still_layer(rng, store, moves, front=True)
                     for _ in range(rng.choice([0, 1, 2], p=[.6, .3, .1]))]


def _surroundings(rng: Generator, store: Store, moves: Camera) -> Layer:
    nearness = _nearness(rng)
    flows = {gap: still_flow(moves[gap], nearness) for gap in GAPS}
    if rng.random() < .2:
        flows = _with_water(rng, flows)
    colours = store.any_surroundings(rng)
    return Layer(colours[:, ::-1] if rng.random() < .5 else colours, None, flows)


def _nearness(rng: Generator) -> np.ndarray:
    """Draw the inverse depth of surroundings: far, a plane, ground under a horizon, or bumps."""
    kind = rng.choice(['far', 'plane', 'ground', 'bumpy'], p=[.2, .3, .3, .2])
    nearness = np.full(SIZE, rng.uniform(.2, 1), np.float32)
    if kind != 'far':
        nearness = nearness * (1 + rng.normal(0, .4) * X * 2 + rng.normal(0, .4) * Y * 2)
    if kind == 'ground':
        horizon = rng.uniform(-.25, .15)
        nearness = rng.uniform(.1, .3) + np.maximum(Y - horizon, 0) * rng.uniform(1, 5)
    if kind == 'bumpy':
        nearness = nearness * np.exp(smooth_field(rng, rng.integers(3, 8), .35))
    return np.clip(nearness, .02, 4).astype(np.float32)


def _with_water(rng: Generator, flows: Flows) -> Flows:
    """Add motion that differs from frame to frame, and in half of the scenes a current."""
    horizon = rng.uniform(-.2, .1)
    where = ((horizon < Y).astype(np.float32) if rng.random() < .6
             else np.clip(smooth_field(rng, 4, 2), 0, 1))
    current, strength = rng.normal(0, .8, 2) * rng.choice([0, 1]), rng.uniform(.5, 3)
    moved = {}
    for gap, flow in flows.items():
        waves = np.stack([smooth_field(rng, rng.integers(8, 20), strength),
                          smooth_field(rng, 10, strength * .6)], axis=-1)
        moved[gap] = (flow + where[..., None] * (waves + current * gap)).astype(np.float32)
    return moved


def _still_layer(rng: Generator, store: Store, moves: Camera, front: bool) -> Layer:
    """Draw terrain, a post, a blob or a thing that stands still at a depth of its own."""
    kind = rng.choice(['terrain', 'post', 'blob', 'thing'], p=[.35, .25, .2, .2])
    colours = store.any_surroundings(rng)
    if kind == 'terrain':
        edge = rng.uniform(-.1, .25) + noise(rng, (8, WIDTH), 1.2)[0] * rng.uniform(.01, .06)
        opacity = (edge < Y).astype(np.uint8) * 255
        if rng.random() < .25:
            opacity = np.ascontiguousarray(opacity[:, ::-1])
    elif kind == 'post':
        opacity = _post(rng)
    elif kind == 'blob':
        opacity = blob(rng, SIZE, (rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)),
                       rng.uniform(12, 90))
    else:
        colours, opacity = store.any_thing(rng)
    near = float(np.clip(np.exp(rng.normal(np.log(1.0), .6)), .3, 5)) * (1.5 if front else 1)
    slope = rng.normal(0, .3, 2)
    nearness = near * np.clip(1 + slope[0] * X * 2 + slope[1] * Y * 2, .3, 3)
    flows = {gap: still_flow(moves[gap], nearness.astype(np.float32)) for gap in GAPS}
    if rng.random() < .15:  # leaves in the wind
        flows = {gap: flow + smooth_flow(rng, 12, .8) for gap, flow in flows.items()}
    return Layer(colours, opacity, flows)


def _post(rng: Generator) -> np.ndarray:
    place, width = rng.uniform(0, WIDTH), np.exp(rng.normal(np.log(12), .6))
    slope = rng.normal(0, .15)
    away = np.abs(COLUMNS - np.float32(place) - slope * (ROWS - HEIGHT / 2))
    opacity = (away < width / 2 + 2 * noise(rng, (HEIGHT, 8), 1.)[:, :1]).astype(np.uint8) * 255
    if rng.random() < .2:
        opacity = cv2.resize(np.ascontiguousarray(opacity.T), (WIDTH, HEIGHT))
    return opacity


def _moving_thing(rng: Generator, store: Store, moves: Camera, number: int) -> list[Layer]:
    """Draw a thing that goes its own way or is followed by the camera; some throw shadows."""
    colours, opacity = store.any_thing(rng)
    near, inside = float(np.interp(rng.random(), [0, 1], [.4, 2])), opacity > 127
    if inside.sum() < 150:
        return []
    flows = _own_flows(rng, moves, near, inside)
    layers = []
    if rng.random() < .3:
        size = np.sqrt(inside.sum())
        shade = np.roll(opacity, (int(rng.uniform(2, .25 * size + 3)),
                                  int(rng.normal(0, .2 * size))), (0, 1))
        shade = cv2.GaussianBlur(shade, (0, 0), rng.uniform(2, 8))
        layers.append(Layer(None, np.uint8(shade * rng.uniform(.2, .6)), flows, number))
    return [*layers, Layer(colours, opacity, flows, number)]


def _own_flows(rng: Generator, moves: Camera, near: float, inside: np.ndarray) -> Flows:
    """Add a way, a turn, a growth and a swinging of parts to what the camera does."""
    x, y, size = COLUMNS[inside].mean(), ROWS[inside].mean(), np.sqrt(inside.sum())
    speed = np.exp(rng.normal(np.log(2.5), .7))
    angle = rng.normal(0, .4) + rng.choice([0, np.pi])
    way = speed * np.array([np.cos(angle), np.sin(angle)])
    if rng.random() < .45:  # the camera keeps it where it is
        seen = still_flow(moves[1], np.float32(near), np.float32((x - WIDTH / 2) / WIDTH),
                          np.float32((y - HEIGHT / 2) / WIDTH))
        way = -seen * rng.uniform(.7, 1.1) + rng.normal(0, .5, 2)
    spin, growth = rng.normal(0, .008), rng.normal(0, .008)
    swing = np.stack([smooth_field(rng, rng.integers(4, 10), 1),
                      smooth_field(rng, rng.integers(4, 10), 1)], axis=-1)
    swing = swing * rng.uniform(0, 3) * size / 60
    pace, phase, gain = rng.uniform(.1, .5), rng.uniform(0, 6.3), rng.normal(0, .15)
    right, down = COLUMNS - x, ROWS - y
    turned = np.stack([growth * right - spin * down, spin * right + growth * down], axis=-1)
    flows = {}
    for gap in GAPS:
        time = gap * (1 + gain * gap / 6)
        seen = still_flow(moves[gap], np.full(SIZE, near, np.float32))
        swung = swing * (np.sin(phase + pace * gap) - np.sin(phase))
        flows[gap] = (seen + way * time + time * turned + swung).astype(np.float32)
    return flows


def _placed(rng: Generator, sprite: Sprite) -> Sprite:
    scale = np.clip(np.exp(rng.normal(np.log(.75), .6)), .2, 2.8)
    place = rng.normal(WIDTH / 2, WIDTH * .22), rng.normal(HEIGHT / 2, HEIGHT * .2)
    angle = rng.uniform(-180, 180) if rng.random() < .3 else rng.normal(0, 20)
    if rng.random() < .5:
        sprite = tuple(np.ascontiguousarray(part[:, ::-1]) for part in sprite)
    height, width = sprite[1].shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix[:, 2] += np.array(place) - (width / 2, height / 2)
    colours, opacity = (cv2.warpAffine(part, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR,
                                       borderMode=border)
                        for part, border in zip(sprite, (cv2.BORDER_REPLICATE,
                                                         cv2.BORDER_CONSTANT), strict=True))
    if rng.random() < .5:
        colours = np.uint8(np.clip(colours.astype(np.float32) * np.exp(rng.normal(0, .3))
                                   + rng.normal(0, 25, 3), 0, 255))
    return colours, opacity
