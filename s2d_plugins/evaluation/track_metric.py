"""What metrics of tracks share: frames of predictions in, tracks in RLE out."""

from collections import defaultdict
from collections.abc import Sequence
from logging import WARNING

import numpy as np
from mmdet.evaluation.metrics import BaseVideoMetric
from mmengine.logging import print_log

from ..errors import Problems, S2DInputError
from ..labels.rle import encode_masks
from .checks import check_masks

#: Where mmengine gathers results.
COLLECT_DEVICES = ('cpu', 'gpu')


def _to_numpy(values) -> np.ndarray:
    return values.detach().cpu().numpy() if hasattr(values, 'detach') else np.asarray(values)


class TrackMetric(BaseVideoMetric):
    """Base of metrics that take what mmdet's video models predict.

    That is per frame ``pred_track_instances`` with ``masks`` (N, H, W), ``scores`` and
    ``instances_id``, for whole videos or parts of them in any order. Masks become RLE as each
    sample arrives; a model that holds RLE gives them as ``segmentations``, a list of N RLEs or
    None, and need not make dense masks. Subclasses compute on ``self.results``, see
    :func:`join_frames`.
    """

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Turn the masks of each video, or part of one, to RLE at once."""
        for sample in data_samples:
            frames = (sample['video_data_samples'] if isinstance(sample, dict)
                      else sample.video_data_samples)
            for index, frame in enumerate(frames):
                self.results.append(self._encode_frame(frame, index))

    def _encode_frame(self, frame, index: int) -> dict:
        tracks, meta = frame.pred_track_instances, frame.metainfo
        size = tuple(meta['ori_shape'][:2])
        if 'segmentations' in tracks:
            place = f'prediction for {meta.get("img_path") or meta["video_id"]}'
            rles, _ = check_masks(list(tracks.segmentations), size, lambda _: place)
        elif 'masks' in tracks:
            rles = encode_masks(_to_numpy(tracks.masks))
        else:
            raise S2DInputError(f'{type(self).__name__} needs masks in pred_track_instances, '
                                f'found {sorted(tracks.keys())}; use a model that predicts masks')
        return dict(video_id=meta['video_id'], frame=meta.get('frame_id', index),
                    length=meta.get('ori_video_length', meta.get('video_length')),
                    size=size, path=meta.get('img_path'),
                    ids=_to_numpy(tracks.instances_id).tolist(),
                    scores=_to_numpy(tracks.scores).astype(float).tolist(),
                    rles=rles)


def check_frames(frames: Sequence[dict], problems: Problems) -> None:
    """Look for frames without prediction, and for instance ids that a frame has more than once.

    Some of mmdet's trackers give two masks of a frame the same id: that is one warning, and
    :func:`join_frames` keeps the better one.

    Args:
        frames: As for :func:`join_frames`.
        problems: Collects frames without prediction. Leniently they have no instance.

    Raises:
        S2DInputError: At the first frame without prediction, unless ``problems`` is lenient.
    """
    seen, lengths, repeats = defaultdict(set), {}, []
    for frame in frames:
        if frame['frame'] in seen[frame['video_id']]:
            continue
        seen[frame['video_id']].add(frame['frame'])
        lengths[frame['video_id']] = frame['length'] or 0
        if len(set(frame['ids'])) < len(frame['ids']):
            repeats.append(f'video {frame["video_id"]}, frame {frame["frame"]}: {frame["ids"]}')
    if repeats:
        print_log(f'instance ids repeat in {len(repeats)} frames, first in {repeats[0]}; of each '
                  'the mask with the best score counts', logger='current', level=WARNING)
    for video_id, numbers in seen.items():
        missing = [number for number in range(lengths[video_id]) if number not in numbers]
        if missing:
            problems.add(f'video {video_id}, frame {missing[0]}: no prediction, nor for '
                         f'{len(missing) - 1} more of its {lengths[video_id]} frames; test on all '
                         'frames')


def join_frames(frames: Sequence[dict]) -> list[dict]:
    """Join per-frame predictions to tracks in the form of YouTube-VIS results.

    Args:
        frames: ``dict(video_id, frame, length, ids, scores, rles)`` in any order; a frame that
            comes twice (padding of a distributed sampler) counts once; of masks of a frame
            with the same id the one with the best score counts, of equals the first.

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
            best: dict = {}
            for key, score, rle in zip(frame['ids'], frame['scores'], frame['rles'], strict=True):
                if key not in best or score > best[key][0]:
                    best[key] = score, rle
            for key, (score, rle) in best.items():
                scores[key].append(score)
                masks[key][number] = rle
        tracks.extend(dict(video_id=video_id, score=float(np.mean(scores[key])), category_id=1,
                           segmentations=masks[key]) for key in scores)
    return tracks
