"""Time the metrics against the ones they agree with, on made tracks, in one run.

VIS AP is timed against mmdet's YouTubeVISMetric, J and F against the official DAVIS toolkit if
a checkout of it is given. Both sides get the same input and their numbers are compared
(mmdet rounds its own to three decimals).

Example:
    python projects/s2d/benchmarks/benchmark_metrics.py --videos 100 --frames 50 --tubes 20
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.evaluation.metrics import YouTubeVISMetric
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.evaluation.class_agnostic_vis_metric import ClassAgnosticVISMetric
from s2d_plugins.evaluation.davis import evaluate_davis
from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.rle import encode_masks
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video


def moving_ellipse(rng: np.random.Generator, frames: int, size: tuple[int, int]) -> np.ndarray:
    """An ellipse that moves in a straight line: (T, H, W) bool."""
    centre, radii = rng.uniform(0, size), rng.uniform(0.05, 0.25, 2) * size
    speed = rng.normal(0, 0.01, 2) * size
    masks = np.zeros((frames, *size), np.uint8)
    for time_, mask in enumerate(masks):
        row, column = (centre + time_ * speed).astype(int).tolist()
        cv2.ellipse(mask, (column, row), radii[::-1].astype(int).tolist(), 0, 0, 360, 1, -1)
    return masks.astype(bool)


def make_objects(video: int, frames: int, tubes: int, size: tuple[int, int]) -> np.ndarray:
    """The objects of one video, the same at every call: (N, T, H, W) bool."""
    rng = np.random.default_rng(video)
    return np.stack([moving_ellipse(rng, frames, size) for _ in range(tubes)])


def make_gt(videos: int, frames: int, tubes: int, size: tuple[int, int]) -> dict:
    """Labels of all videos."""
    names = [str(frame) for frame in range(frames)]
    listed = [make_video(video, str(video), size, names) for video in range(1, videos + 1)]
    annotations = [
        make_annotation((video['id'] - 1) * tubes + index, video['id'], encode_masks(tube))
        for video in listed
        for index, tube in enumerate(make_objects(video['id'], frames, tubes, size), 1)]
    return make_labels(listed, annotations)


def make_sample(label: dict, annotations: list, tubes: int) -> TrackDataSample:
    """Predictions near the objects as a video model gives them, with what mmdet reads."""
    rng = np.random.default_rng(label['id'])
    size = (label['height'], label['width'])
    shift = size[1] // 30
    masks = np.stack([np.roll(tube, rng.integers(-shift, shift + 1), 2)
                      for tube in make_objects(label['id'], label['length'], tubes, size)])
    scores, images = rng.random(tubes), []
    for frame in range(label['length']):
        instances = [dict(bbox=[x, y, x + w, y + h], bbox_label=0, instance_id=entry['id'],
                          mask=dict(entry['segmentations'][frame]))
                     for entry in annotations if entry['areas'][frame]
                     for x, y, w, h in [entry['bboxes'][frame]]]
        image = DetDataSample(metainfo=dict(
            video_id=label['id'], frame_id=frame, img_id=frame, ori_video_length=label['length'],
            ori_shape=size, instances=instances))
        image.pred_track_instances = InstanceData(
            masks=torch.as_tensor(masks[:, frame]), bboxes=torch.zeros(len(masks), 4),
            scores=torch.as_tensor(scores), labels=torch.zeros(len(masks), dtype=torch.long),
            instances_id=torch.arange(len(masks)))
        images.append(image)
    sample = TrackDataSample()
    sample.video_data_samples = images
    return sample


class Timed:
    """A metric, and the CPU seconds spent in it (both metrics use one core)."""

    def __init__(self, metric: Callable, **kwargs):
        self.seconds = 0.0
        self.metric = self._time(metric, **kwargs)

    def call(self, name: str, *args):
        """Call a method and add its time."""
        return self._time(getattr(self.metric, name), *args)

    def _time(self, function: Callable, *args, **kwargs):
        start = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(*args, **kwargs)
        self.seconds += time.process_time() - start
        return result


def time_vis(videos: int, frames: int, tubes: int, size: tuple[int, int]) -> dict:
    """CPU seconds of both metrics, from predicted masks to AP and without encoding the masks.

    Ground truth is read in this time too: ours from its file, mmdet's from the samples.
    """
    gt = make_gt(videos, frames, tubes, size)
    with tempfile.TemporaryDirectory() as folder:
        write_json(f'{folder}/gt.json', gt)
        ours = Timed(ClassAgnosticVISMetric, ann_file=f'{folder}/gt.json')
        theirs = Timed(YouTubeVISMetric, metric_items=['mAP', 'mAP_50', 'mAP_75'])
    theirs.metric.dataset_meta = dict(classes=('object',))
    for index, label in enumerate(gt['videos']):
        sample = make_sample(label, gt['annotations'][index * tubes:(index + 1) * tubes], tubes)
        for metric in (ours, theirs):
            metric.call('process', None, [sample.to_dict()])
    encoding = np.array([theirs.seconds, ours.seconds])
    found, expected = ours.call('evaluate', videos), theirs.call('evaluate', videos)
    total = np.array([theirs.seconds, ours.seconds])
    # mmdet gives its numbers with three digits
    pairs = [(round(found[f'vis/{name}'], 3), expected[f'youtube_vis/segm_{other}'])
             for name, other in (('AP', 'mAP'), ('AP50', 'mAP_50'), ('AP75', 'mAP_75'))]
    return dict(seconds=ours.seconds, reference_seconds=theirs.seconds,
                times_faster=float(np.divide(*total)),
                times_faster_without_encoding=float(np.divide(*(total - encoding))),
                AP=found['vis/AP'], largest_difference=max(abs(a - b) for a, b in pairs))


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


def load_toolkit(toolkit: Path) -> type:
    """The evaluation class of a checkout of the official toolkit.

    Raises:
        S2DInputError: If it is none.
    """
    sys.path.insert(0, str(toolkit))
    try:
        from davis2017.evaluation import DAVISEvaluation
    except ImportError as error:
        raise S2DInputError(f'{toolkit} is not a checkout of the DAVIS 2017 evaluation that can '
                            f'be imported: {error}') from error
    return DAVISEvaluation


def time_toolkit(root: Path, evaluation: type) -> tuple[float, dict]:
    """Seconds and numbers of the official toolkit."""
    start = time.perf_counter()
    found = evaluation(str(root), 'unsupervised', 'val').evaluate(str(root / 'results'))
    seconds = time.perf_counter() - start
    return seconds, {f'{measure}_{name}': float(np.mean(found[measure][key]))
                     for measure in 'JF' for name, key in
                     (('mean', 'M'), ('recall', 'R'), ('decay', 'D'))}


def time_davis(args: argparse.Namespace, toolkit: type | None) -> dict:
    """Seconds of J and F of made sequences, and of the toolkit if it is there."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_davis(root, args.sequences, args.davis_frames, 3, 20, (480, 854))
        start = time.perf_counter()
        ours = evaluate_davis(root, root / 'results', jobs=args.jobs)['overall']
        result = dict(seconds=time.perf_counter() - start,
                      jobs=args.jobs or len(os.sched_getaffinity(0)))
        if toolkit is not None:
            seconds, theirs = time_toolkit(root, toolkit)
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
    toolkit = load_toolkit(args.davis_toolkit) if args.davis_toolkit else None
    result = {}
    for name, measure in (
            ('vis', lambda: time_vis(args.videos, args.frames, args.tubes, tuple(args.size))),
            ('davis', lambda: time_davis(args, toolkit))):
        result[name] = measure()
        print(f'{name}: ' + ', '.join(
            f'{key} {value:.3g}' if isinstance(value, float) else f'{key} {value}'
            for key, value in result[name].items()), flush=True)
    if args.out:
        write_json(args.out, result)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: benchmark(args))


if __name__ == '__main__':
    sys.exit(main())
