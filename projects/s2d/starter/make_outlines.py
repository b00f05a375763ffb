"""Generate sets of moving things cut out of scenes, for the network that draws outlines.

Every set is one .npz file, made from its number alone; those that are there are kept. The sets that
the shipped weights come from:

    python projects/s2d/starter/make_outlines.py --out data/outlines --sets 3000-3039
"""

import argparse
import io
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from joblib import Parallel, delayed
from make_scenes import set_numbers
from outline_samples import samples, store_with_legs
from tqdm import tqdm

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_bytes
from s2d_plugins.proposals.learnt_motion import LearntMotion

#: Seeds of a set's scenes follow on this many times its number.
_SEEDS_PER_SET = 10_000


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', required=True, type=Path, metavar='DIR',
                        help='gets one <number>.npz per set')
    parser.add_argument('--sets', required=True, nargs='+', metavar='FIRST-LAST',
                        help='numbers of sets; they are the seeds')
    parser.add_argument('--count', type=int, default=100, help='scenes per set; 100 by default')
    parser.add_argument('--jobs', type=int, default=-1, help='processes; all cores by default')
    return parser.parse_args(argv)


def make(args: argparse.Namespace) -> None:
    """Make the sets that are not there yet.

    Raises:
        S2DInputError: If a set would be empty.
    """
    if not 1 <= args.count <= _SEEDS_PER_SET:
        raise S2DInputError(f'expected --count from 1 to {_SEEDS_PER_SET}, found {args.count}')
    numbers = [number for number in set_numbers(args.sets)
               if not (args.out / f'{number}.npz').is_file()]
    jobs = Parallel(n_jobs=args.jobs, return_as='generator_unordered')
    found = jobs(delayed(write_set)(args.out / f'{number}.npz', number, args.count)
                 for number in numbers)
    for _ in tqdm(found, 'sets', len(numbers)):
        pass


def write_set(path: Path, number: int, count: int) -> None:
    """Write one set: what :func:`outline_samples.samples` gives, stacked.

    Raises:
        S2DInputError: If no scene of the set has a thing of some size.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    store, motion = store_with_legs(number), LearntMotion()
    found = [sample for place in range(count)
             for sample in samples(number * _SEEDS_PER_SET + place, store, motion)]
    if not found:
        raise S2DInputError(f'set {number}: no thing in {count} scenes; raise --count')
    content = io.BytesIO()
    np.savez_compressed(content, **{key: np.stack([sample[key] for sample in found])
                                    for key in found[0]})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content.getvalue())


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: make(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
