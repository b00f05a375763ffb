"""Crops of generated scenes around moving things: what is seen, and where the thing is."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.random import Generator
from scene_motion import GAPS as SCENE_GAPS
from scene_motion import HEIGHT, SIZE, smooth_flow
from scene_samples import frames_of
from scenes import Layer, Sprite, Store, scene
from surfaces import colour_near, texture
from things import limb

from s2d_plugins.proposals.learnt_motion import LearntMotion
from s2d_plugins.proposals.motion_cues import warp_error
from s2d_plugins.proposals.outline_cues import GAPS, crop_window, cut_out

#: Least pixels of a thing that is worth an outline.
SMALLEST = 250
_MOST_PER_SCENE = 2


def with_legs(rng: Generator, sprite: Sprite) -> Sprite:
    """Put two to five thin limbs under, over or beside a thing: legs, arms, ears, masts."""
    colours, opacity = sprite
    inside = opacity > 127
    rows, columns = np.nonzero(inside)
    if len(rows) < 100:
        return sprite
    size, long_side = inside.shape, max(np.ptp(rows), np.ptp(columns))
    down = rng.choice([np.pi / 2, -np.pi / 2, 0, np.pi], p=[.7, .1, .1, .1])
    paint = np.median(colours[inside], axis=0) if rng.random() < .7 else colours[
        rows[0], columns[0]].astype(np.float32)
    surface = np.clip(texture(rng, size, colour_near(rng, np.float32(paint), 14)), 0, 255)
    colours, opacity = colours.astype(np.float32), opacity.copy()
    for _ in range(rng.integers(2, 6)):
        pick = rng.integers(len(rows))
        mask = limb(rng, size, (columns[pick], rows[pick]), long_side * rng.uniform(.25, .75),
                    max(2, long_side * rng.uniform(.03, .12)), down + rng.normal(0, .25))
        share = (np.where(inside, 0, mask) if rng.random() < .6 else mask)[..., None] / 255
        colours = colours * (1 - share) + share * surface * rng.uniform(.7, 1.1)
        opacity = np.maximum(opacity, mask)
    return np.uint8(np.clip(colours, 0, 255)), opacity


def store_with_legs(seed: int) -> Store:
    """Draw a store of which half of the things have legs."""
    store, rng = Store.draw(seed), np.random.default_rng([seed, 1])
    return replace(store, things=[with_legs(rng, sprite) if rng.random() < .5 else sprite
                                  for sprite in store.things])


def samples(seed: int, store: Store, motion: LearntMotion) -> list[dict[str, np.ndarray]]:
    """Draw a scene and cut out its things.

    Args:
        seed: Of the scene.
        store: What it is made of.
        motion: Says what moves by itself, as coarsely as in a proposer.

    Returns:
        Per thing ``image`` (C, C, 3), ``flows`` (gaps, C, C, 2) float16, ``errors`` (gaps, C, C)
        float16, ``seen`` (C, C), what ``motion`` sees, and ``label`` (C, C), the share that the
        thing covers; both 0 to 255 and uint8.
    """
    rng = np.random.default_rng(seed)
    layers = _with_reflections(rng, scene(rng, store))
    numbers = _visible(layers)
    wanted = [number for number in range(1, numbers.max() + 1)
              if (numbers == number).sum() >= SMALLEST][:_MOST_PER_SCENE]
    if not wanted:
        return []
    frames = frames_of(rng, layers)
    greys = {gap: cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for gap, frame in frames.items()}
    flow_of = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    seen = motion({gap: flow_of.calc(greys[0], greys[gap], None) for gap in SCENE_GAPS}, greys)
    flow_of.setFinestScale(0)
    flows = {gap: flow_of.calc(greys[0], greys[gap], None) for gap in GAPS}
    errors = {gap: warp_error(flow, greys[0], greys[gap]) for gap, flow in flows.items()}
    found = []
    for number in wanted:
        mask = np.float32(numbers == number)
        box = cv2.boundingRect(np.uint8(mask))
        left, top, side = crop_window(box, rng.uniform(1.25, 2.1))
        window = left + side * rng.normal(0, .06), top + side * rng.normal(0, .06), side
        found.append(dict(
            image=cut_out(frames[0], window),
            flows=np.stack([cut_out(flows[gap], window) for gap in GAPS]).astype(np.float16),
            errors=np.stack([cut_out(errors[gap], window) for gap in GAPS]).astype(np.float16),
            seen=np.uint8(cut_out(np.float32(seen), window).clip(0, 1) * 255),
            label=np.uint8(np.round(cut_out(mask, window) * 255))))
    return found


def _visible(layers: Sequence[Layer]) -> np.ndarray:
    """Number (h, w) of the thing that is seen at each pixel; 0 where there is none."""
    numbers = np.zeros(SIZE, int)
    for layer in layers:
        if layer.opacity is not None and layer.colours is not None and not _is_thin(layer):
            numbers[layer.opacity > 127] = layer.number
    return numbers


def _is_thin(layer: Layer) -> bool:
    """Whether what is behind a layer shows through it everywhere."""
    return layer.opacity.max() < 200


def _with_reflections(rng: Generator, layers: Sequence[Layer]) -> list[Layer]:
    """Mirror some things in what is below them: water, wet ground, polished floors."""
    found = []
    for layer in layers:
        if layer.number and layer.colours is not None and rng.random() < .15:
            rows = np.nonzero((layer.opacity > 127).any(axis=1))[0]
            if len(rows):
                axis = int(rows[-1] - rng.uniform(0, .1) * len(rows))
                source = np.clip(2 * axis - np.arange(HEIGHT), 0, HEIGHT - 1)
                below = np.arange(HEIGHT)[:, None] > axis - 2
                share = rng.uniform(.25, .75)
                opacity = np.uint8(layer.opacity[source] * below * share)
                colours = cv2.blur(layer.colours[source], (3, 5))
                ripples = rng.uniform(0, 2)
                flows = {gap: np.stack([flow[source][..., 0], -flow[source][..., 1]], -1)
                         + smooth_flow(rng, int(rng.integers(8, 20)), ripples)
                         for gap, flow in layer.flows.items()}
                found.append(Layer(colours, np.minimum(opacity, 190), flows, 0))
        found.append(layer)
    return found
