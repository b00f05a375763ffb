"""Class-agnostic video instance segmentation AP and AR: the YouTube-VIS protocol, one class."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ..errors import Problems, S2DInputError
from ..labels.rle import tube_iou
from .average_precision import Group, average_precision, top_order
from .checks import check_gt, check_masks, check_score, video_length, video_name

#: Mean areas in pixels between which YouTube-VIS calls a tube medium-sized.
MEDIUM_TUBE = (128**2, 256**2)


@dataclass(frozen=True)
class _Tube:
    rles: list  # per frame an RLE or None
    areas: np.ndarray  # (T,) pixels
    score: float = 0.0
    crowd: bool = False
    stated_areas: tuple = ()

    @property
    def mean_area(self) -> float:
        """Mean over the frames in which the object is; the areas the file states come first."""
        areas = np.array([area for area in self.stated_areas or self.areas if area], dtype=float)
        return float(areas.mean()) if len(areas) else 0.0


def _read_tube(entry: dict, video: dict, where: str, encoded_here: bool = False,
               ) -> tuple[list, np.ndarray]:
    length, place = video_length(video), f'{where}, {video_name(video)}'
    masks = entry.get('segmentations')
    if not isinstance(masks, list) or len(masks) != length:
        found = len(masks) if isinstance(masks, list) else masks
        raise S2DInputError(f'{place}: expected segmentations for {length} frames, found '
                            f'{found}; write one RLE or null per frame')
    size = (video['height'], video['width'])
    return check_masks(masks, size, lambda frame: f'{place}, frame {frame}', encoded_here)


def _read_gt(gt: dict, videos: dict, where: str) -> dict[int, list[_Tube]]:
    tubes = defaultdict(list)
    for entry in gt['annotations']:
        rles, areas = _read_tube(entry, videos[entry['video_id']], where)
        tubes[entry['video_id']].append(
            _Tube(rles, areas, crowd=bool(entry.get('iscrowd', 0)),
                  stated_areas=tuple(entry.get('areas') or ())))
    return tubes


def _read_results(results: list[dict], videos: dict, where: str, lenient: bool,
                  encoded_here: bool) -> dict[int, list[_Tube]]:
    if not isinstance(results, list):
        raise S2DInputError(f'{where}: expected a list of tracks, found '
                            f'{type(results).__name__}; use the results of a test run')
    problems, tubes, seen = Problems(lenient), defaultdict(list), set()
    for index, entry in enumerate(results):
        try:
            if not isinstance(entry, dict):
                raise S2DInputError(f'{where}, track {index}: expected video_id, score and '
                                    f'segmentations, found {str(entry)[:40]!r}')
            video = videos.get(entry.get('video_id'))
            if video is None:
                raise S2DInputError(f'{where}, track {index}: video {entry.get("video_id")!r} is '
                                    'not in the ground truth; use the same split for both')
            if 'id' in entry and entry['id'] in seen:
                raise S2DInputError(f'{where}, {video_name(video)}, track {index}: track id '
                                    f'{entry["id"]!r} occurs more than once; ids must be unique')
            seen.add(entry.get('id'))
            score = check_score(entry.get('score'),
                                f'{where}, {video_name(video)}, track {index}')
            rles, areas = _read_tube(entry, video, f'{where}, track {index}', encoded_here)
        except S2DInputError as error:
            problems.add(str(error))
            continue
        tubes[video['id']].append(_Tube(rles, areas, score))
    problems.warn()
    return tubes


def _group(tubes: list[_Tube], gt_tubes: list[_Tube], length: int) -> Group:
    tubes = [tubes[i] for i in top_order(np.array([tube.score for tube in tubes]))]
    areas, gt_areas = (np.array([tube.areas for tube in part], np.int64).reshape(-1, length)
                       for part in (tubes, gt_tubes))
    return Group(
        iou=tube_iou([tube.rles for tube in tubes], [tube.rles for tube in gt_tubes], areas,
                     gt_areas),
        scores=np.array([tube.score for tube in tubes], dtype=float),
        areas=np.array([tube.mean_area for tube in tubes], dtype=float),
        gt_areas=np.array([tube.mean_area for tube in gt_tubes], dtype=float),
        crowd=np.array([tube.crowd for tube in gt_tubes], dtype=bool))


def evaluate_vis(gt: dict, results: list[dict], *, lenient: bool = False,
                 gt_name: str = 'ground truth', results_name: str = 'results',
                 encoded_here: bool = False) -> dict[str, float]:
    """Video AP and AR with all categories as one, as YouTube-VIS measures them.

    Overlap is the IoU of whole tubes, computed from RLE; crowd tubes are ignored; the 100 best
    tracks of a video count. Sizes go by the mean area over the frames in which a tube is.

    Args:
        gt: YouTube-VIS labels (``videos``, ``annotations``); categories do not matter.
        results: Tracks ``dict(video_id, score, segmentations)``, one RLE or None per frame.
        lenient: Leave bad tracks out, with a warning and their count, instead of raising.
        gt_name: Name of the ground truth's file, for messages.
        results_name: Name of the results' file, for messages.
        encoded_here: The tracks' masks come from :func:`~s2d_plugins.labels.rle.encode_masks`, so
            whether they decode need not be checked.

    Returns:
        See :func:`~s2d_plugins.evaluation.average_precision.average_precision`.

    Raises:
        S2DInputError: If the ground truth has no annotations, or a track is of an unknown
            video, of another length or size, does not decode, has no finite score, or repeats
            an id.
    """
    videos = check_gt(gt, gt_name)
    gt_tubes = _read_gt(gt, videos, gt_name)
    tubes = _read_results(results, videos, results_name, lenient, encoded_here)
    groups = [_group(tubes[key], gt_tubes[key], video_length(video))
              for key, video in videos.items()]
    return average_precision(groups, MEDIUM_TUBE)
