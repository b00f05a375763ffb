"""Where inference spends its time, beside mmdet's own Mask2FormerVideo in the same run.

A full-size model with random weights looks at a made 480p video. What it would find is noise, whose
outlines are far longer than those of objects, so its masks are replaced by made ellipses that move,
as many as it has queries; its scores stay. mmdet's model has the same layers and weights.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_decoding import make_video

from s2d_plugins.apis.command_line import (
    DEVICES,
    choose_device,
    prepare_outputs,
    quiet_imports,
    run_tool,
)
from s2d_plugins.errors import S2DInputError

CONFIG = Path(__file__).parents[3] / 'configs' / 'final' / 's2d_mask2former_r50_4xb1-32k.py'
MMDET_CONFIG = 'mmdet::mask2former_vis/mask2former_r50_8xb2-8e_youtubevis2021.py'
SIZE = (480, 854)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=36, help='of the video')
    parser.add_argument('--window', type=int, default=12, help='frames that are seen at once')
    parser.add_argument('--checkpoint', type=Path, help='of the model; its masks are then taken')
    parser.add_argument('--save', default='json,overlay', help='what is written, as infer_video.py')
    parser.add_argument('--device', help=DEVICES)
    return parser.parse_args()


def made_masks(queries: int, frames: int, size: tuple[int, int]) -> Any:
    """Return logits (queries, frames, height, width) of ellipses that move, each its own way."""
    import torch
    rng = torch.Generator().manual_seed(0)
    centre, speed = torch.rand(queries, 2, generator=rng), torch.rand(queries, 2, generator=rng)
    radius = 0.04 + 0.2 * torch.rand(queries, 2, generator=rng)
    rows = torch.linspace(0, 1, size[0])[:, None]
    columns = torch.linspace(0, 1, size[1])[None]
    logits = torch.empty(queries, frames, *size)
    for index in range(frames):
        y, x = (centre + (speed - 0.5) * 0.01 * index).T[:, :, None, None]
        tall, wide = radius.T[:, :, None, None]
        logits[:, index] = 1 - ((rows - y) / tall).square() - ((columns - x) / wide).square()
    return logits


class Clock:
    """Seconds of the parts of a run, by name."""

    def __init__(self, device: str):
        self.seconds: dict[str, float] = {}
        self.device = device

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the time of the body."""
        start = self._now()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - start

    def _now(self) -> float:
        if self.device != 'cpu':
            import torch
            torch.cuda.synchronize()
        return time.perf_counter()


class Timed:
    """Frames whose reading is timed."""

    def __init__(self, frames: Any, clock: Clock):
        self.frames, self.clock = frames, clock

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> np.ndarray:
        with self.clock('decoding'):
            return self.frames[index]


def run_ours(model: Any, video: Path, args: argparse.Namespace, device: str,
             folder: Path) -> tuple[Clock, int]:
    """Time each part of segmenting a video and writing the outputs; the second of two runs."""
    from s2d_plugins.apis.segmenter import DEFAULT_SCALE, VideoSegmenter
    from s2d_plugins.apis.tracks import to_results
    from s2d_plugins.apis.window_choice import overlap_of
    from s2d_plugins.outputs import OutputPlan, VideoTracks
    from s2d_plugins.video import open_video
    segmenter = VideoSegmenter(model, DEFAULT_SCALE, window=args.window,
                               overlap=overlap_of(args.window), score_thr=0.0)
    whole, prepare = model.segment_window, segmenter._inputs
    clock = Clock(device)

    def segment_window(inputs: Any) -> tuple:
        with clock('model'):
            scores, logits, features = whole(inputs)
        if args.checkpoint is None:
            with clock('not counted'):
                logits = made_masks(*logits.shape[:2], tuple(logits.shape[2:])).to(logits.device)
        return scores, logits, features

    def inputs(frames: Any) -> Any:
        with clock('resizing'):
            return prepare(list(frames))

    model.segment_window, segmenter._inputs = segment_window, inputs
    plan = OutputPlan.make(folder / 'out', ['video'], True, args.save)
    for _ in range(2):  # the first one warms up
        clock.seconds.clear()
        with clock('all'):
            source = open_video(video)
            tubes = segmenter.segment(Timed(source, clock), source.size)
            with clock('writing'):
                plan.save(0, VideoTracks.of(source, to_results(tubes)))
    del model.segment_window
    seconds = clock.seconds
    seconds['all'] -= seconds.pop('not counted', 0.0)
    seconds['post-processing'] = seconds['all'] - sum(
        value for name, value in seconds.items() if name != 'all')
    return clock, len(tubes)


def run_mmdet(model: Any, video: Path, args: argparse.Namespace, device: str) -> float:
    """Time mmdet's model, with the same weights, on the same windows, which it does not link."""
    import torch
    from mmdet.models import Mask2FormerVideo  # noqa: F401  registers it
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample, TrackDataSample
    from mmengine.hub import get_config
    from mmengine.registry import DefaultScope

    from s2d_plugins.apis.segmenter import DEFAULT_SCALE, VideoSegmenter
    from s2d_plugins.apis.window_choice import overlap_of
    from s2d_plugins.models.window_inference import window_starts
    from s2d_plugins.video import open_video
    config = get_config(MMDET_CONFIG).model
    config.track_head.update(num_classes=1, num_frames=args.window)
    config.track_head.loss_cls.class_weight = [1.0, 0.1]
    config.update(init_cfg=None)
    config.backbone.init_cfg = None
    with DefaultScope.overwrite_default_scope('mmdet'):
        theirs = MODELS.build(config).eval().to(device)
    theirs.load_state_dict(model.state_dict())
    source, segmenter = open_video(video), VideoSegmenter(model, DEFAULT_SCALE)
    clock = Clock(device)
    for _ in range(2):
        clock.seconds.clear()
        for start in window_starts(args.frames, args.window, overlap_of(args.window)):
            frames = [source[index] for index in range(start, start + args.window)]
            with clock('mmdet'), torch.no_grad():
                inputs = segmenter._inputs(frames)
                image = segmenter._prepare(frames[0]).shape[:2]
                sample = TrackDataSample()
                sample.video_data_samples = [DetDataSample(metainfo=dict(
                    img_shape=image, ori_shape=source.size,
                    batch_input_shape=tuple(inputs.shape[-2:]))) for _ in frames]
                theirs.predict(inputs[None], [sample])
    return clock.seconds['mmdet']


def main() -> int:
    args = parse_args()
    if not 2 <= args.window <= args.frames:
        raise S2DInputError(f'--window: expected 2 to {args.frames} frames, the video\'s length, '
                            f'found {args.window}')
    device = choose_device(args.device)
    prepare_outputs([args.checkpoint])
    with quiet_imports():
        import torch

        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.fileio.configs import load_config
        from s2d_plugins.models.loading import build_model, load_model
    if args.checkpoint is None:
        torch.manual_seed(0)
        model = build_model(load_config(CONFIG)).eval().to(device)
    else:
        model = load_model(CONFIG, args.checkpoint, device)
    model = getattr(model, 'predictor', model)
    with tempfile.TemporaryDirectory() as folder:
        video = make_video(Path(folder, 'video.mp4'), 'libx264', 'yuv420p', SIZE, args.frames)
        clock, tubes = run_ours(model, video, args, device, Path(folder))
        mmdet = run_mmdet(model, video, args, device)
    seconds = clock.seconds
    print(f'{args.frames} frames of 480p, windows of {args.window}, {tubes} tubes, {device}\n\n'
          '| part | ms a frame | share | of the model |\n| --- | ---: | ---: | ---: |')
    for name in ('decoding', 'resizing', 'model', 'post-processing', 'writing', 'all'):
        value = seconds[name]
        print(f'| {name} | {1000 * value / args.frames:.1f} | {value / seconds["all"]:.1%} | '
              f'{value / seconds["model"]:.1%} |')
    ours = seconds['all'] - seconds['decoding'] - seconds['writing']
    print(f'\n{args.frames / seconds["all"]:.2f} frames per second. Without decoding and writing '
          f'{args.frames / ours:.2f}, and Mask2FormerVideo of mmdet, which gives 10 tubes as dense '
          f'masks, {args.frames / mmdet:.2f}: {mmdet / ours:.2f} times the speed of it')
    return 0


if __name__ == '__main__':
    sys.exit(run_tool(main))
