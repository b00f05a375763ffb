"""Time the metrics against the ones they agree with, on made tracks, in one run.

VIS AP is timed against mmdet's YouTubeVISMetric, J and F against the official DAVIS toolkit if
a checkout of it is given. Both sides get the same input and their numbers are compared.

Example:
    python tools/analysis_tools/benchmark_metrics.py --videos 100 --frames 50 --tubes 20
"""

import argparse
import contextlib
import copy
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from mmdet.evaluation.functional import YTVIS, YTVISeval

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation.davis import evaluate_davis
from s2d_plugins.evaluation.indexed_png import write_indexed_png
from s2d_plugins.evaluation.vis import evaluate_vis
from s2d_plugins.labels import encode_mask, make_annotation, make_labels, make_video, write_json

STATISTICS = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm',
              'ARl')


def moving_ellipse(rng: np.random.Generator, frames: int, size: tuple[int, int]) -> np.ndarray:
    """An ellipse that moves in a straight line: (T, H, W) bool."""
    rows, columns = np.mgrid[:size[0], :size[1]]
    centre, radii = rng.uniform(0, size), rng.uniform(0.05, 0.25, 2) * size
    speed = rng.normal(0, 0.01, 2) * size
    return np.stack([((rows - centre[0] - time * speed[0]) / radii[0])**2
                     + ((columns - centre[1] - time * speed[1]) / radii[1])**2 < 1
                     for time in range(frames)])


def make_tracks(videos: int, frames: int, tubes: int, size: tuple[int, int]):
    """Labels with ``tubes`` objects per video, and as many results near them."""
    rng = np.random.default_rng(0)
    listed, annotations, results = [], [], []
    for video in range(1, videos + 1):
        listed.append(make_video(video, str(video), size, [str(i) for i in range(frames)]))
        for _ in range(tubes):
            masks = moving_ellipse(rng, frames, size)
            annotations.append(make_annotation(len(annotations) + 1, video,
                                               [encode_mask(mask) for mask in masks]))
            shift = rng.integers(-size[1] // 30, size[1] // 30 + 1)
            results.append(dict(video_id=video, category_id=1, score=float(rng.random()),
                                segmentations=[encode_mask(np.roll(mask, shift, 1))
                                               for mask in masks]))
    return make_labels(listed, annotations), results


def time_vis(videos: int, frames: int, tubes: int, size: tuple[int, int]) -> dict:
    """Seconds of both VIS metrics, without making or copying their input."""
    gt, results = make_tracks(videos, frames, tubes, size)
    start = time.perf_counter()
    ours = evaluate_vis(gt, results)
    ours_seconds = time.perf_counter() - start
    gt, results = copy.deepcopy((gt, results))
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        labels = YTVIS(gt)
        evaluation = YTVISeval(labels, labels.loadRes(results), 'segm')
        for step in (evaluation.evaluate, evaluation.accumulate, evaluation.summarize):
            step()
    theirs_seconds = time.perf_counter() - start
    difference = max(abs(ours[name] - value)
                     for name, value in zip(STATISTICS, evaluation.stats, strict=True))
    return dict(seconds=ours_seconds, reference_seconds=theirs_seconds,
                times_faster=theirs_seconds / ours_seconds, largest_difference=float(difference))


def make_davis(root: Path, sequences: int, frames: int, objects: int, proposals: int,
               size: tuple[int, int]) -> None:
    """A DAVIS folder with made annotations, and results in ``results``."""
    rng = np.random.default_rng(0)
    names = [f'sequence{index}' for index in range(sequences)]
    (root / 'ImageSets/2017').mkdir(parents=True)
    (root / 'ImageSets/2017/val.txt').write_text('\n'.join(names))
    for name in names:
        maps = np.zeros((2, frames, *size), np.uint8)
        for index in range(1, proposals + 1):
            tube = moving_ellipse(rng, frames, size)
            maps[1][tube] = index
            if index <= objects:
                maps[0][np.roll(tube, size[1] // 40, 2)] = index
        (root / 'JPEGImages/480p' / name).mkdir(parents=True)
        for frame in range(frames):
            (root / f'JPEGImages/480p/{name}/{frame:05d}.jpg').touch()
            write_indexed_png(root / f'Annotations_unsupervised/480p/{name}/{frame:05d}.png',
                              maps[0, frame])
            write_indexed_png(root / f'results/{name}/{frame:05d}.png', maps[1, frame])


def time_toolkit(root: Path, toolkit: Path) -> tuple[float, dict]:
    """Seconds and numbers of the official toolkit."""
    sys.path.insert(0, str(toolkit))
    try:
        from davis2017.evaluation import DAVISEvaluation
    except ImportError as error:
        raise S2DInputError(f'{toolkit} is not a checkout of the DAVIS 2017 evaluation that can '
                            f'be imported: {error}') from error
    start = time.perf_counter()
    found = DAVISEvaluation(str(root), 'unsupervised', 'val').evaluate(str(root / 'results'))
    seconds = time.perf_counter() - start
    return seconds, {f'{measure}_{name}': float(np.mean(found[measure][key]))
                     for measure in 'JF' for name, key in
                     (('mean', 'M'), ('recall', 'R'), ('decay', 'D'))}


def time_davis(args: argparse.Namespace) -> dict:
    """Seconds of J and F of made sequences, and of the toolkit if it is there."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_davis(root, args.sequences, args.davis_frames, 3, 20, (480, 854))
        start = time.perf_counter()
        ours = evaluate_davis(root, root / 'results', jobs=args.jobs)['overall']
        result = dict(seconds=time.perf_counter() - start,
                      jobs=args.jobs or len(os.sched_getaffinity(0)))
        if args.davis_toolkit:
            seconds, theirs = time_toolkit(root, args.davis_toolkit)
            result.update(reference_seconds=seconds, times_faster=seconds / result['seconds'],
                          largest_difference=max(abs(ours[name] - value)
                                                 for name, value in theirs.items()))
    return result


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--videos', type=int, default=100)
    parser.add_argument('--frames', type=int, default=50, help='frames per video')
    parser.add_argument('--tubes', type=int, default=20, help='objects and tracks per video')
    parser.add_argument('--size', type=int, nargs=2, default=(360, 640),
                        metavar=('HEIGHT', 'WIDTH'))
    parser.add_argument('--sequences', type=int, default=4, help='DAVIS sequences')
    parser.add_argument('--davis-frames', type=int, default=20, help='frames per DAVIS sequence')
    parser.add_argument('--jobs', type=int, help='processes for DAVIS; all usable cores by default')
    parser.add_argument('--davis-toolkit', type=Path,
                        help='checkout of github.com/davisvideochallenge/davis2017-evaluation')
    parser.add_argument('--out', type=Path, help='write the numbers to this JSON file')
    return parser.parse_args(argv)


def benchmark(args: argparse.Namespace) -> None:
    """Time both and print one line each."""
    result = dict(vis=time_vis(args.videos, args.frames, args.tubes, tuple(args.size)),
                  davis=time_davis(args))
    for name, row in result.items():
        print(f'{name}: ' + ', '.join(
            f'{key} {value:.3g}' if isinstance(value, float) else f'{key} {value}'
            for key, value in row.items()))
    if args.out:
        write_json(args.out, result)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: benchmark(args))


if __name__ == '__main__':
    sys.exit(main())
