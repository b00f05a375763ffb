"""Frames of a generated scene, what moves in it, and the motion cues between its frames."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.random import Generator
from scene_motion import COLUMNS, GAPS, ROWS, SIZE
from scenes import Layer, Store, scene

from s2d_plugins.proposals.motion_cues import motion_cues

#: (h, w) of cues and labels.
GRID = (60, 104)
#: Pixels over three frames from which on a thing moves against what it hides, and below which not.
MOVES, STAYS = 1.5, 0.6
#: In labels: fully a moving thing, and not to be judged.
FULL, IGNORED = 200, 255
_SMALLEST = 60


def sample(seed: int, store: Store, flow_of: cv2.DISOpticalFlow) -> tuple[np.ndarray, np.ndarray]:
    """Draw a scene and measure it.

    Args:
        seed: Of the scene.
        store: What it is made of.
        flow_of: Measures flow; its faults are what a network must learn to live with.

    Returns:
        Cues (gaps, 8, h, w) float16, see :func:`motion_cues`, and labels (h, w) uint8: the share of
        a cell that moving things cover, 0 to :data:`FULL`, or :data:`IGNORED`.
    """
    rng = np.random.default_rng(seed)
    layers = scene(rng, store)
    greys = {gap: cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
             for gap, frame in frames_of(rng, layers).items()}
    cues = np.stack([motion_cues(flow_of.calc(greys[0], greys[gap], None), greys[0], greys[gap],
                                 gap, GRID) for gap in GAPS])
    return cues.astype(np.float16), labels_of(layers)


def frames_of(rng: Generator, layers: Sequence[Layer]) -> dict[int, np.ndarray]:
    """Render the frame in the middle, 0, and the others; (h, w, 3) uint8 each."""
    grain, blur = rng.uniform(0, 4), rng.uniform(.4, 1.2) if rng.random() < .5 else 0
    frames = {}
    for gap in (0, *GAPS):
        frame = _render(layers, gap)
        frame = np.uint8(np.clip(frame + rng.normal(0, grain, frame.shape), 0, 255))
        if blur:
            frame = cv2.GaussianBlur(frame, (0, 0), blur)
        if rng.random() < .2:
            frame = np.uint8(np.clip(frame * rng.uniform(.95, 1.05), 0, 255))
        frames[gap] = frame
    return frames


def _render(layers: Sequence[Layer], gap: int) -> np.ndarray:
    frame = np.zeros((*SIZE, 3), np.float32)
    for layer in layers:
        colours, opacity = layer.colours, layer.opacity
        if gap:
            places = _sources(layer.flows[gap])
            if colours is not None:
                colours = cv2.remap(colours, *places, cv2.INTER_LINEAR,
                                    borderMode=cv2.BORDER_REFLECT)
            if opacity is not None:
                opacity = cv2.remap(opacity, *places, cv2.INTER_LINEAR,
                                    borderMode=cv2.BORDER_REPLICATE)
        if opacity is None:
            frame = colours.astype(np.float32)
            continue
        share = (opacity.astype(np.float32) / 255)[..., None]
        frame = frame * (1 - share) if colours is None else frame * (1 - share) + share * colours
    return frame


def _sources(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Invert a smooth flow: where each pixel of the later frame comes from, by fixed points."""
    back = flow
    for _ in range(2):
        back = cv2.remap(flow, COLUMNS - back[..., 0], ROWS - back[..., 1], cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE)
    return COLUMNS - back[..., 0], ROWS - back[..., 1]


def labels_of(layers: Sequence[Layer]) -> np.ndarray:
    """Mark what is seen of things that move against what they hide; see :func:`sample`."""
    numbers = np.zeros(SIZE, int)
    behind = {gap: layers[0].flows[gap].copy() for gap in (-3, 3)}
    for layer in layers:
        if layer.opacity is None or layer.colours is None:
            continue
        inside = layer.opacity > 127
        numbers[inside] = layer.number
        if not layer.number:
            for gap, flow in behind.items():
                flow[inside] = layer.flows[gap][inside]
    moving, ignored = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    for layer in layers:
        inside = numbers == layer.number
        if not layer.number or inside.sum() < _SMALLEST:
            continue
        way = _way(layer.flows, behind, inside)
        if way > MOVES:
            moving[inside] = 1
        elif way > STAYS:
            ignored[inside] = 1
    moving, ignored = (cv2.resize(part, GRID[::-1], interpolation=cv2.INTER_AREA)
                       for part in (moving, ignored))
    labels = np.uint8(np.round(moving * FULL))
    labels[ignored > .3] = IGNORED
    return labels


def _way(flows: Mapping[int, np.ndarray], behind: Mapping[int, np.ndarray],
         inside: np.ndarray) -> float:
    return float(np.mean([np.linalg.norm(flows[gap][inside] - still[inside], axis=1).mean()
                          for gap, still in behind.items()]))
