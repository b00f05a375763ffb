"""Generate sets of scenes, 200 each, as motion cues and labels of what moves by itself.

Every set is one .npz file, made from its number alone; those that are there are kept. The sets that
the shipped weights come from (24 of them, 8 MB each, a minute each on one core):

    python projects/s2d/starter/make_scenes.py --out data/scenes --sets 1000-1011 2000-2011
"""

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from scene_samples import sample
from scenes import Store
from tqdm import tqdm

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_bytes

#: Seeds of a set's scenes follow on this many times its number.
SEEDS_PER_SET = 10_000


def parse_args(argv: list[str] | None, about: str | None = __doc__,
               count: int = 200) -> argparse.Namespace:
    """Read the command line of a tool that makes sets, ``count`` scenes each by default."""
    parser = argparse.ArgumentParser(description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', required=True, type=Path, metavar='DIR',
                        help='gets one <number>.npz per set')
    parser.add_argument('--sets', required=True, nargs='+', metavar='FIRST-LAST',
                        help='numbers of sets; they are the seeds')
    parser.add_argument('--count', type=int, default=count,
                        help=f'scenes per set; {count} by default')
    parser.add_argument('--jobs', type=int, default=-1, help='processes; all cores by default')
    return parser.parse_args(argv)


def set_numbers(ranges: list[str]) -> list[int]:
    """Read ``['3', '7-9']`` as 3, 7, 8, 9.

    Raises:
        S2DInputError: If one is no range of numbers.
    """
    numbers = []
    for text in ranges:
        first, _, last = text.partition('-')
        if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) < int(
                first):
            raise S2DInputError(f'expected --sets like 1000-1011, found {text!r}')
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def make(args: argparse.Namespace, write_set: Callable[[Path, int, int], None]) -> None:
    """Make the sets that are not there yet.

    Args:
        args: From :func:`parse_args`.
        write_set: Called in processes with a set's file, its number and its count of scenes.

    Raises:
        S2DInputError: If a set would be empty.
    """
    if not 1 <= args.count <= SEEDS_PER_SET:
        raise S2DInputError(f'expected --count from 1 to {SEEDS_PER_SET}, found {args.count}')
    numbers = [number for number in set_numbers(args.sets)
               if not (args.out / f'{number}.npz').is_file()]
    jobs = Parallel(n_jobs=args.jobs, return_as='generator_unordered')
    found = jobs(delayed(write_set)(args.out / f'{number}.npz', number, args.count)
                 for number in numbers)
    for _ in tqdm(found, 'sets', len(numbers)):
        pass


def write_set(path: Path, number: int, count: int) -> None:
    """Write one set: ``cues`` and ``labels`` of :func:`scene_samples.sample`."""
    cv2.setNumThreads(1)
    store = Store.draw(number)
    flow_of = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    pairs = [sample(number * SEEDS_PER_SET + place, store, flow_of) for place in range(count)]
    content = io.BytesIO()
    np.savez_compressed(content, cues=np.stack([cues for cues, _ in pairs]),
                        labels=np.stack([labels for _, labels in pairs]))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content.getvalue())


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: make(args, write_set),
                    'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
