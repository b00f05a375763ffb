"""A user's program with the public names. mypy reads it (`make types`); it is never run."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from typing_extensions import assert_type

from s2d_plugins.apis import S2DInferencer, VideoSegmenter, densify_clip, densify_labels
from s2d_plugins.errors import S2DInputError
from s2d_plugins.keymasks import KeymaskDiscovery, to_labels
from s2d_plugins.labels import decode_mask, encode_mask, merge_labels, read_labels
from s2d_plugins.motion import BaseMotionPrior, OpenCVFlowPrior, TrackPiece
from s2d_plugins.pipeline import STAGES, run_pipeline
from s2d_plugins.proposals import BaseMaskProposer
from s2d_plugins.registry import MASK_PROPOSERS, MOTION_PRIORS
from s2d_plugins.structures import Frames, KeymaskInstance, PointTracks, Progress
from s2d_plugins.video import open_video


@MOTION_PRIORS.register_module()
class StillPrior(BaseMotionPrior):
    """A prior is one method."""

    def track(self, frames: Frames, queries: np.ndarray) -> PointTracks:
        xy = np.repeat(queries[None, :, 1:], len(frames), axis=0)
        return PointTracks(xy=xy, visible=np.ones((len(frames), len(queries)), bool))


@MASK_PROPOSERS.register_module()
class WholeFrame(BaseMaskProposer):
    """So is a proposer."""

    def propose(self, frames: Frames, progress: Progress | None = None) -> list[list[dict]]:
        whole = np.ones(frames[0].shape[:2], bool)
        return [[dict(segmentation=encode_mask(whole), score=1.0)] for _ in range(len(frames))]


def discover(images: list[np.ndarray], array: np.ndarray) -> None:
    """Frames are a list, an array or a lazy video; a prior is an object or its config."""
    for frames in (images, array, open_video('clip.mp4')):
        masks = WholeFrame().propose(frames)
        for prior in (StillPrior(), OpenCVFlowPrior(), dict(type='StillPrior')):
            found = KeymaskDiscovery(motion_prior=prior).discover(frames, masks)
            assert_type(found, list[KeymaskInstance])
            assert_type(found[0].masks, dict[int, int])
            assert_type(found[0].visibility_ranges, list[tuple[int, int]])
            labels = to_labels(found, masks, 'clip', (480, 640), ['00000.jpg'])
            assert_type(merge_labels([labels, read_labels('more.json')]), dict[Any, Any])
        assert_type(StillPrior().stream(frames, np.zeros((1, 3))), Iterator[TrackPiece])


def segment(videos: Sequence[dict]) -> None:
    """Results are plain labels; wrong input has one kind of error."""
    try:
        inferencer = S2DInferencer('config.py', 'weights.pth', device='cpu', score_thr=0.5)
        results = inferencer('clip.mp4', out_dir='results')
    except S2DInputError as error:
        assert_type(str(error), str)
        return
    assert_type(results, list[dict[Any, Any]])
    assert_type(inferencer(['a.mp4', 'b.mp4'], return_vis=True), dict[str, list[Any]])
    assert_type(decode_mask(results[0]['segmentations'][0]), np.ndarray)
    segmenter = VideoSegmenter.from_files('config.py', 'weights.pth', window=8, overlap=2)
    assert_type(segmenter, VideoSegmenter)
    labels = densify_clip(segmenter, open_video('clip.mp4'), 'clip', ['00000.jpg'])
    assert_type(labels, dict[Any, Any])
    assert_type(densify_labels(segmenter, videos, Path('frames')), dict[Any, Any])


def whole_recipe(report: Callable[[str], None]) -> None:
    """Failed videos come back with the reason."""
    failures = run_pipeline(Config.fromfile('demo.py'), 'videos', 'work_dirs/demo', list(STAGES))
    assert_type(failures, dict[str, str])
    for video, reason in failures.items():
        report(f'{video}: {reason}')
