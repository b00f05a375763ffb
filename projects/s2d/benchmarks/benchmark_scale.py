"""What an engine costs for each video, how the driver's memory grows, and real work on two cores.

Trivial work writes nothing, so all that is measured is what the engine adds. Discovery is that of
``discover_keymasks.py`` on made videos, a process each run.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import psutil

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.engines import Engine, Outcome, Task, Work, build_engine
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / 'configs' / 'motion' / 'opencv_flow.py'
MEGABYTE = 2**20


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jobs', type=int, nargs='+', default=[1000, 20000],
                        help='numbers of trivial tasks')
    parser.add_argument('--batch', type=int, nargs='+', default=[1, 50],
                        help='tasks that a worker gets at once')
    parser.add_argument('--videos', type=int, default=8, help='made videos to discover in; 0: none')
    parser.add_argument('--frames', type=int, default=40, help='of each')
    return parser.parse_args()


def make_nothing() -> Work:
    """Make work that does nothing."""
    return partial(_nothing)


def _nothing(content: int, progress) -> int:
    return content


def tasks(count: int) -> Iterator[Task]:
    """Give tasks one after the other, as a list of videos on disk would."""
    return (Task(f'video{number:08d}', number) for number in range(count))


def measure(engine: Engine, count: int) -> tuple[float, float, float]:
    """Measure trivial tasks.

    Returns:
        Seconds until the first is done, milliseconds for each that follows, and megabytes that the
        driver has grown meanwhile.
    """
    own, found, first, before = psutil.Process(), 0, 0.0, 0

    def done(outcome: Outcome) -> None:
        nonlocal found, first, before
        if not found:
            first, before = time.perf_counter(), own.memory_info().rss
        found += outcome.value == int(outcome.task.name[5:])

    start = time.perf_counter()
    engine.run(make_nothing, tasks(count), done)
    seconds, grown = time.perf_counter() - first, own.memory_info().rss - before
    if found != count:
        raise S2DInputError(f'{found} of {count} tasks are done; there is a fault in the engine')
    return first - start, 1000 * seconds / count, grown / MEGABYTE


def write_videos(folder: Path, count: int, length: int) -> None:
    """Write videos of a textured square that moves, as frames, and its masks as proposals."""
    rng = np.random.default_rng(0)
    for number in range(count):
        name = f'video{number}'
        ground = cv2.GaussianBlur(rng.integers(0, 255, (240, 427, 3), np.uint8), (0, 0), 3)
        thing = rng.integers(0, 255, (60, 60, 3), np.uint8)
        (folder / 'videos' / name).mkdir(parents=True)
        frames = []
        for index in range(length):
            frame, mask = ground.copy(), np.zeros(ground.shape[:2], bool)
            left = 10 + 4 * index % 340
            frame[80:140, left:left + 60] = thing
            mask[80:140, left:left + 60] = True
            cv2.imwrite(str(folder / 'videos' / name / f'{index:05d}.jpg'), frame)
            frames.append([dict(segmentation=encode_mask(mask), score=1.0)])
        write_proposals(folder / 'proposals' / f'{name}.json', name, ground.shape[:2], frames)


def discover(folder: Path, name: str, *options: str) -> float:
    """Run the tool in a process of its own; returns its seconds."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, ROOT / 'tools' / 'discover_keymasks.py', CONFIG, '--videos',
         folder / 'videos', '--proposals', folder / 'proposals', '--out', folder / name,
         *options], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise S2DInputError(f'discover_keymasks.py failed with code {done.returncode}; see above')
    return time.perf_counter() - start


def main() -> int:
    args = parse_args()
    if min(*args.jobs, *args.batch) < 1:
        raise S2DInputError('--jobs and --batch: expected numbers of at least 1, found '
                            f'{args.jobs} and {args.batch}')
    print('| engine | tasks | start, s | ms a task | driver has grown, MB |\n'
          '| --- | ---: | ---: | ---: | ---: |')
    engines = [('local', dict())] + [('ray', dict(batch=batch)) for batch in args.batch]
    for name, settings in engines:
        for count in args.jobs:
            start, milliseconds, grown = measure(build_engine(name, **settings), count)
            title = f'{name}, batch {settings["batch"]}' if settings else name
            print(f'| {title} | {count:,} | {start:.1f} | {milliseconds:.3f} | {grown:.0f} |',
                  flush=True)
    if args.videos:
        with tempfile.TemporaryDirectory() as folder:
            write_videos(Path(folder), args.videos, args.frames)
            alone = discover(Path(folder), 'local')
            shared = discover(Path(folder), 'ray', '--engine', 'ray')
        print(f'\ndiscovery of {args.videos} videos of {args.frames} frames, with starting: local '
              f'{alone:.1f} s, ray {shared:.1f} s, {alone / shared:.2f} times as fast')
    return 0


if __name__ == '__main__':
    sys.exit(run_tool(main))
