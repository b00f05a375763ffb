"""What does LearntOutline make of the masks of a finished run? Mean J before and after.

Takes work dirs of tools/run_s2d.py, or of a run of the benchmarks here, and DAVIS-like data. In
each frame the mask of the highest-scored tube counts; keymasks have no score, the instance with
most of them counts. --stretches 9 takes two stretches of nine masks of every sequence, not all:

    python projects/s2d/benchmarks/benchmark_outlines.py --data DAVIS --stage keymasks \\
        --work-dirs work_dirs/crosswise/A/seed0 work_dirs/crosswise/B/seed0 --stretches 9 \\
        --set threshold=0.3
"""
# ruff: noqa: T201  a tool talks to a person

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from davis_data import DavisData, find_data
from keymask_purity import values
from pycocotools import mask as coco_mask

from s2d_plugins.apis.command_line import quiet_imports, run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.folders import by_stem, list_images, list_masks
from s2d_plugins.fileio.images import read_image
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.labels.indexed_png import read_indexed_png

if TYPE_CHECKING:
    from s2d_plugins.proposals import LearntOutline

STAGES = ('keymasks', 'dense', 'results')
#: Where stretches begin, as shares of a sequence's masks.
STRETCHES = (1 / 4, 5 / 8)


def tubes_of(work_dir: Path, stage: str, name: str) -> list[dict]:
    """Read the tubes of a sequence, of a stage or of the results.

    Raises:
        S2DInputError: If the work dir has none of it.
    """
    if stage == 'results':
        return read_json(work_dir / name / 'results.json')
    labels = read_json(work_dir / f'stages/{stage}.json')
    numbers = [video['id'] for video in labels['videos'] if video['name'] == name]
    if not numbers:
        raise S2DInputError(f'{work_dir}: stage {stage} has no sequence {name!r}')
    return [tube for tube in labels['annotations'] if tube['video_id'] == numbers[0]]


def top_masks(tubes: list[dict]) -> list[dict | None]:
    """For each frame the RLE of the tube of the highest score, or with most masks."""
    ranks = [tube.get('score', sum(map(bool, tube['segmentations']))) for tube in tubes]
    ranked = [tubes[index]['segmentations'] for index in np.argsort(ranks, kind='stable')[::-1]]
    return [next(filter(None, masks), None) for masks in zip(*ranked, strict=True)]


def stretches(masks: list[dict | None], length: int | None) -> list[list[dict | None]]:
    """All masks, or those of two stretches, each alone among frames without."""
    if length is None:
        return [masks]
    there = [index for index, mask in enumerate(masks) if mask]
    starts = [int(share * len(there)) for share in STRETCHES]
    return [[mask if index in there[start:start + length] else None
             for index, mask in enumerate(masks)] for start in starts]


def total_j(masks: list[dict | None], truth: list[np.ndarray]) -> tuple[float, int]:
    """Sum of J over the frames that have a mask, and how many they are."""
    found = [(coco_mask.decode(mask) > 0, true)
             for mask, true in zip(masks, truth, strict=True) if mask]
    total = sum((mask & true).sum() / max((mask | true).sum(), 1) for mask, true in found)
    return float(total), len(found)


def report(args: argparse.Namespace) -> None:
    """Print a line a sequence and a mean a work dir.

    Raises:
        S2DInputError: If a work dir has no sequence of the data.
    """
    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.proposals import LearntOutline
    refiner, data = LearntOutline(**values(args.set)), find_data(args.data, args.resolution)
    for work_dir in args.work_dirs:
        means = []
        for name in data.sequences:
            if (work_dir / name).is_dir():
                means.append(_measure(work_dir, args, data, name, refiner))
        if not means:
            raise S2DInputError(f'{work_dir} has none of the sequences of {data.annotations}; '
                                'give work dirs of runs on them')
        before, after = np.mean(means, axis=0)
        print(f'{work_dir}: J {before:.1f}, redrawn {after:.1f}', flush=True)


def _measure(work_dir: Path, args: argparse.Namespace, data: DavisData, name: str,
             refiner: 'LearntOutline') -> tuple[float, float]:
    frames = [read_image(path) for path in list_images(data.frames / name)]
    files = by_stem(list_masks(data.annotations / name))
    truth = [read_indexed_png(files[path.stem]) > 0 for path in list_images(data.frames / name)]
    sums, seconds = np.zeros(3), 0.0
    for masks in stretches(top_masks(tubes_of(work_dir, args.stage, name)), args.stretches):
        start = time.perf_counter()
        redrawn, = refiner(frames, [dict(segmentations=masks)])
        seconds += time.perf_counter() - start
        before, count = total_j(masks, truth)
        sums += before, total_j(redrawn['segmentations'], truth)[0], count
    before, after = 100 * sums[:2] / max(sums[2], 1)
    print(f'{name:16s} {sums[2]:4.0f} masks  J {before:5.1f}  redrawn {after:5.1f}  '
          f'{seconds / max(sums[2], 1):.2f} s a mask', flush=True)
    return before, after


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, type=Path, metavar='DAVIS_ROOT',
                        help='folder with JPEGImages/480p and Annotations/480p')
    parser.add_argument('--resolution', default='480p', help='folder of that name; 480p by default')
    parser.add_argument('--work-dirs', required=True, type=Path, nargs='+', metavar='DIR')
    parser.add_argument('--stage', choices=STAGES, default='keymasks')
    parser.add_argument('--stretches', type=int, metavar='N', help='two times N masks a sequence')
    parser.add_argument('--set', nargs='*', default=[], metavar='NAME=VALUE',
                        help='arguments of LearntOutline')
    args = parser.parse_args(argv)
    return run_tool(lambda: report(args))


if __name__ == '__main__':
    sys.exit(main())
