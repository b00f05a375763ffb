"""Small made worlds with known motion: rectangles that enter, leave and hide each other."""

import numpy as np

from s2d_plugins.motion import BaseMotionPrior
from s2d_plugins.structures import PointTracks


class World:
    """Rectangles that move over a still background; later ones are in front.

    Args:
        length, height, width: Size of the video.
        objects: Rows (x, y, w, h, dx, dy): place in frame 0, size and motion per frame.
    """

    def __init__(self, length, height, width, objects):
        self.size = (height, width)
        self.objects = objects
        # Frames carry their own number, so that a prior that is given a part of them knows it.
        self.frames = np.zeros((length, height, width, 3), np.uint8)
        self.frames[:, 0, 0, 0] = np.arange(length)
        self.owner = np.stack([self._owner(frame) for frame in range(length)])

    def offset(self, number, frame):
        """Return the motion (x, y) of an object since frame 0; the background is -1."""
        if number < 0:
            return np.zeros(2)
        return frame * np.array(self.objects[number][4:])

    def truth(self, number):
        """Return the visible pixels (T, H, W) of an object."""
        return self.owner == number

    def _owner(self, frame):
        rows, columns = np.mgrid[:self.size[0], :self.size[1]]
        owner = np.full(self.size, -1)
        for number, (x, y, w, h, dx, dy) in enumerate(self.objects):
            left, top = round(x + dx * frame), round(y + dy * frame)
            inside = (columns >= left) & (columns < left + w) & (rows >= top) & (rows < top + h)
            owner[inside] = number
        return owner


class WorldPrior(BaseMotionPrior):
    """Exact tracks of a world; hidden points keep their position. Counts its calls."""

    def __init__(self, world):
        self.world = world
        self.calls = 0

    def track(self, frames, queries):
        self.calls += 1
        height, width = self.world.size
        numbers = [int(frames[t][0, 0, 0]) for t in range(len(frames))]
        xy = np.zeros((len(frames), len(queries), 2), np.float32)
        visible = np.zeros((len(frames), len(queries)), bool)
        start = np.array([numbers[int(frame)] for frame in queries[:, 0]], dtype=int)
        pixels = np.rint(queries[:, 1:]).astype(int)
        owner = self.world.owner[start, pixels[:, 1], pixels[:, 0]]
        for t, frame in enumerate(numbers):
            for number in np.unique(owner):
                own = owner == number
                moved = np.array([self.world.offset(number, frame)
                                  - self.world.offset(number, s) for s in start[own]])
                xy[t, own] = queries[own, 1:] + moved
            column, row = np.rint(xy[t]).astype(int).T
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            top = self.world.owner[frame, np.clip(row, 0, height - 1),
                                   np.clip(column, 0, width - 1)]
            visible[t] = inside & (top == owner)
        return PointTracks(xy, visible)


def random_world(rng, length=None):
    """Draw a world of 2 to 4 objects with whole-pixel motion."""
    length = length or int(rng.integers(8, 22))
    height, width = int(rng.integers(36, 49)), int(rng.integers(48, 65))
    objects = []
    for _ in range(rng.integers(2, 5)):
        w, h = rng.integers(8, 22, size=2)
        dx, dy = rng.integers(-3, 4), rng.integers(-1, 2)
        x, y = rng.integers(-10, width), rng.integers(-2, height - 8)
        objects.append((int(x), int(y), int(w), int(h), int(dx), int(dy)))
    return World(length, height, width, objects)


def noisy_proposals(world, rng):
    """Per frame a list of bool masks: missing, halved, merged, duplicated and spurious ones."""
    proposals = []
    for owner in world.owner:
        masks = []
        for number in range(len(world.objects)):
            mask = owner == number
            if not mask.any() or rng.random() < 0.12:
                continue
            kind = rng.random()
            if kind < 0.1:
                columns = np.flatnonzero(mask.any(axis=0))
                mask = mask.copy()
                mask[:, columns[len(columns) // 2]:] = False
            elif kind < 0.2:
                mask = mask | (owner == (number + 1) % len(world.objects))
            elif kind < 0.28:
                masks.append(mask.copy())
            if mask.any():
                masks.append(mask)
        if rng.random() < 0.3:
            spurious = np.zeros(world.size, bool)
            y, x = rng.integers(0, world.size[0] - 8), rng.integers(0, world.size[1] - 8)
            spurious[y:y + 7, x:x + 8] = True
            masks.append(spurious)
        order = rng.permutation(len(masks))
        proposals.append([masks[i] for i in order])
    return proposals
