"""The metric of the test loop for video instance segmentation without categories."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmdet.evaluation.metrics import BaseVideoMetric
from mmengine.dist import is_main_process
from mmengine.logging import print_log

from ..errors import S2DInputError
from ..labels import encode_masks, read_json, write_json
from ..registry import METRICS
from .checks import check_gt
from .submission import write_submission
from .vis import evaluate_vis


def _to_numpy(values) -> np.ndarray:
    return values.detach().cpu().numpy() if hasattr(values, 'detach') else np.asarray(values)


@METRICS.register_module()
class ClassAgnosticVISMetric(BaseVideoMetric):
    """YouTube-VIS AP and AR with all categories as one, from annotations on disk.

    Takes what mmdet's video models predict: per frame ``pred_track_instances`` with ``masks``
    (N, H, W), ``scores`` and ``instances_id``. Masks become RLE as each sample arrives. The score
    of a track is the mean over its frames.

    Args:
        ann_file: YouTube-VIS JSON with annotations; its video ids are those of the dataset.
            Not needed with ``format_only``.
        format_only: Only write the submission, ``<outfile_prefix>.json`` and
            ``<outfile_prefix>.submission_file.zip`` (which holds ``results.json``).
        outfile_prefix: Where to write the tracks; without it nothing is written.
        lenient: Leave bad tracks out with a warning and their count instead of raising.
        collect_device: Where results of several processes are gathered, 'cpu'.
        prefix: Prefix of the names in the result.

    Raises:
        S2DInputError: Without annotations, or with ``format_only`` and no ``outfile_prefix``.
    """

    default_prefix = 'vis'

    def __init__(self, ann_file: str | None = None, format_only: bool = False,
                 outfile_prefix: str | None = None, lenient: bool = False,
                 collect_device: str = 'cpu', prefix: str | None = None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        self.format_only = format_only
        self.outfile_prefix = outfile_prefix
        self.lenient = lenient
        self._gt = None
        if format_only and outfile_prefix is None:
            raise S2DInputError('ClassAgnosticVISMetric: format_only needs outfile_prefix, the '
                                'path of the submission without its suffix')
        if not format_only and ann_file is None:
            raise S2DInputError('ClassAgnosticVISMetric: no ann_file, so nothing can be '
                                'measured; give one, or set format_only=True and outfile_prefix '
                                'to write the submission')
        if not format_only and is_main_process():
            self._gt = read_json(ann_file)
            check_gt(self._gt, str(ann_file))

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Turn the masks of each video, or part of one, to RLE at once."""
        for sample in data_samples:
            frames = (sample['video_data_samples'] if isinstance(sample, dict)
                      else sample.video_data_samples)
            for index, frame in enumerate(frames):
                self.results.append(self._encode_frame(frame, index))

    def _encode_frame(self, frame, index: int) -> dict:
        tracks = frame.pred_track_instances
        if 'masks' not in tracks:
            raise S2DInputError('ClassAgnosticVISMetric needs masks in pred_track_instances, '
                                f'found {sorted(tracks.keys())}; use a model that predicts masks')
        meta = frame.metainfo
        return dict(video_id=meta['video_id'], frame=meta.get('frame_id', index),
                    length=meta.get('ori_video_length', meta.get('video_length')),
                    ids=_to_numpy(tracks.instances_id).tolist(),
                    scores=_to_numpy(tracks.scores).astype(float).tolist(),
                    rles=encode_masks(_to_numpy(tracks.masks)))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Join frames to tracks, write them if asked, and measure unless ``format_only``."""
        tracks = join_frames(results)
        if self.outfile_prefix is not None:
            self._write(tracks)
        if self.format_only:
            return {}
        name = self.outfile_prefix and f'{self.outfile_prefix}.json'
        return evaluate_vis(self._gt, tracks, lenient=self.lenient, gt_name=str(self.ann_file),
                            results_name=name or 'predictions')

    def _write(self, tracks: list[dict]) -> None:
        path = Path(f'{self.outfile_prefix}.json')
        write_json(path, tracks)
        if self.format_only:
            archive = Path(f'{self.outfile_prefix}.submission_file.zip')
            write_submission(archive, 'results.json', json.dumps(tracks))
            print_log(f'wrote the submission to {archive}', logger='current')


def join_frames(frames: Sequence[dict]) -> list[dict]:
    """Join per-frame predictions to tracks in the form of YouTube-VIS results.

    Args:
        frames: ``dict(video_id, frame, length, ids, scores, rles)`` in any order; a frame that
            comes twice (padding of a distributed sampler) counts once.

    Returns:
        Tracks ``dict(video_id, score, category_id=1, segmentations)`` by video and track id;
        frames without the track, or with an empty mask, are None.
    """
    videos: dict = defaultdict(dict)
    for frame in frames:
        videos[frame['video_id']].setdefault(frame['frame'], frame)
    tracks = []
    for video_id, seen in videos.items():
        length = max(max(seen) + 1, *(frame['length'] or 0 for frame in seen.values()))
        scores, masks = defaultdict(list), defaultdict(lambda n=length: [None] * n)
        for number, frame in sorted(seen.items()):
            for key, score, rle in zip(frame['ids'], frame['scores'], frame['rles'], strict=True):
                scores[key].append(score)
                masks[key][number] = rle
        tracks.extend(dict(video_id=video_id, score=float(np.mean(scores[key])), category_id=1,
                           segmentations=masks[key]) for key in scores)
    return tracks
