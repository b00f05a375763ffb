"""What keymask discovery costs: tracker calls, points, CPU seconds per part and peak memory.

Runs on made 480p videos, for this package and for the slow reference of the tests. The reference
calls the tracker twice per mask; it is timed on a few masks and scaled to all of them (marked ~),
which leaves out most of its matching and is thus a lower bound.

Example:
    python projects/s2d/benchmarks/benchmark_discovery.py --frames 50 100 200 --masks 3 10
"""

import argparse
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from s2d_plugins.apis.command_line import run_tool

ROOT = Path(__file__).resolve().parents[3]
SIZE = (480, 854)
PARTS = ('flow', 'chain', 'grid', 'count', 'group')


class MadeVideo:
    """Textured rectangles that move over a moving texture; frames are drawn when asked for."""

    def __init__(self, length: int, num_masks: int, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.length = length
        self.texture = self._texture(rng, (SIZE[0] + 2 * length, SIZE[1] + 2 * length))
        self.objects = []
        for _ in range(num_masks):
            height, width = rng.integers(60, 200, 2)
            place = rng.uniform((0, 0), (SIZE[0] - height, SIZE[1] - width))
            self.objects.append((place, rng.uniform(-2, 2, 2), self._texture(rng, (height, width))))

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, frame: int) -> np.ndarray:
        image = self.texture[frame:frame + SIZE[0], frame:frame + SIZE[1]].copy()
        for number, (_, _, texture) in enumerate(self.objects):
            (y0, y1), (x0, x1), (top, left) = self._box(number, frame)
            image[y0:y1, x0:x1] = texture[y0 - top:y1 - top, x0 - left:x1 - left]
        return image

    def masks(self, frame: int) -> list[np.ndarray]:
        """Masks (H, W) of the objects, ragged at random; those outside the frame are left out."""
        rng = np.random.default_rng(frame)
        found = []
        for number in range(len(self.objects)):
            (y0, y1), (x0, x1), _ = self._box(number, frame)
            mask = np.zeros(SIZE, bool)
            grow = rng.integers(-6, 7, 4)
            mask[max(y0 + grow[0], 0):max(y1 + grow[1], 0),
                 max(x0 + grow[2], 0):max(x1 + grow[3], 0)] = True
            if mask.any():
                found.append(mask)
        return found

    def _box(self, number: int, frame: int):
        place, motion, texture = self.objects[number]
        top, left = np.rint(place + frame * motion).astype(int)
        rows = np.clip((top, top + texture.shape[0]), 0, SIZE[0])
        columns = np.clip((left, left + texture.shape[1]), 0, SIZE[1])
        return rows, columns, (top, left)

    @staticmethod
    def _texture(rng: np.random.Generator, size) -> np.ndarray:
        noise = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
        return cv2.GaussianBlur(noise, (0, 0), 2)


class Clock:
    """Adds up CPU seconds of all threads per part; those of an inner part count once."""

    def __init__(self):
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str):
        """Count the time in the context for a part."""
        self._switch()
        self._open.append(name)
        try:
            yield
        finally:
            self._switch()
            self._open.pop()

    def timed(self, name: str, function):
        """Wrap a function."""
        def wrapper(*args, **kwargs):
            with self.part(name):
                return function(*args, **kwargs)
        return wrapper

    def iterate(self, name: str, items):
        """Count the time that an iterator takes to find its next item."""
        items = iter(items)
        while True:
            with self.part(name):
                item = next(items, None)
            if item is None:
                return
            yield item

    def _switch(self) -> None:
        now = time.process_time()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now


def make_prior(clock: Clock):
    """DIS flow that counts calls and points and keeps time."""
    from s2d_plugins.motion import OpenCVFlowPrior

    class CountingPrior(OpenCVFlowPrior):
        calls = points = 0

        def flows(self, frames):
            return clock.iterate('flow', super().flows(frames))

        def stream(self, frames, queries):
            self.calls += 1
            self.points += len(queries)
            return clock.iterate('chain', super().stream(frames, queries))
    return CountingPrior()


def measure_discovery(video: MadeVideo, masks: list) -> tuple[dict, int]:
    """Run our discovery; returns the row of the table and the number of instances."""
    from s2d_plugins.keymasks import KeymaskDiscovery, keymask_discovery
    clock = Clock()
    originals = {name: getattr(keymask_discovery, name)
                 for name in ('mask_points', 'count_tracks', 'visibility_groups')}
    wrapped = dict(zip(originals, ('grid', 'count', 'group'), strict=True))
    prior = make_prior(clock)
    discovery = KeymaskDiscovery(prior)
    discovery._match = clock.timed('group', discovery._match)
    try:
        for name, part in wrapped.items():
            setattr(keymask_discovery, name, clock.timed(part, originals[name]))
        reset_peak()
        before = memory_mb('VmRSS')
        instances = discovery.discover(video, masks)
        peak = memory_mb('VmHWM') - before
    finally:
        for name, function in originals.items():
            setattr(keymask_discovery, name, function)
    return dict(calls=prior.calls, points=prior.points, **clock.seconds, memory=peak), \
        len(instances)


def measure_reference(video: MadeVideo, masks: list, sample: int) -> dict:
    """Time the reference on the first masks of the first object and scale to all masks."""

    import reference_discovery

    from s2d_plugins.labels.rle import decode_mask
    clock = Clock()
    prior = make_prior(clock)
    some = [[decode_mask(frame[0])] if t < sample else [] for t, frame in enumerate(masks)]
    reset_peak()
    before = memory_mb('VmRSS')
    with clock.part('count'):
        reference_discovery.discover(prior, video, some)
    peak = memory_mb('VmHWM') - before
    scale = 2 * sum(map(len, masks)) / prior.calls
    return dict(calls=round(prior.calls * scale), points=round(prior.points * scale),
                **{name: value * scale for name, value in clock.seconds.items()}, memory=peak)


def reset_peak() -> None:
    """Start measuring the peak memory of this process anew (Linux)."""
    Path('/proc/self/clear_refs').write_text('5')


def memory_mb(field: str) -> float:
    """Memory of this process in MB, from a field of /proc/self/status."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise OSError(f'/proc/self/status has no {field}')


def print_row(name: str, row: dict, mark: str = '') -> None:
    """Print one row; times in CPU seconds, memory in MB above what the process had before."""
    seconds = ' '.join(f'{mark + format(row[part], ".2f"):>9}' for part in PARTS)
    rest = sum(row[part] for part in PARTS if part != 'flow')
    print(f'{name:22s} {row["calls"]:6d} {row["points"]:9d} {seconds} '
          f'{mark + format(rest, ".2f"):>9} {row["memory"]:7.0f}', flush=True)


def benchmark(args: argparse.Namespace) -> None:
    """Print the table."""
    import s2d_plugins.registry  # noqa: F401
    from s2d_plugins.labels.rle import encode_masks
    print(f'{"setting":22s} {"calls":>6} {"points":>9} '
          + ' '.join(f'{part:>9}' for part in PARTS) + f' {"not flow":>9} {"MB":>7}')
    for num_masks in args.masks:
        for length in args.frames:
            video = MadeVideo(length, num_masks)
            masks = [encode_masks(np.stack(video.masks(t))) for t in range(length)]
            row, _ = measure_discovery(video, masks)
            print_row(f'T={length} masks={num_masks}', row)
            if args.reference_masks:
                print_row('  reference', measure_reference(video, masks, args.reference_masks),
                          mark='~')


def main(argv: list[str] | None = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', nargs='+', type=int, default=[50, 100, 200])
    parser.add_argument('--masks', nargs='+', type=int, default=[3, 10], help='masks per frame')
    parser.add_argument('--reference-masks', type=int, default=5,
                        help='masks to time the reference on; 0 leaves it out')
    args = parser.parse_args(argv)
    return run_tool(lambda: benchmark(args))


if __name__ == '__main__':
    sys.exit(main())
