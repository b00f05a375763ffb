"""Class-agnostic video instance segmentation AP and AR: the YouTube-VIS protocol, one class."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ..errors import Problems, S2DInputError
from ..fileio.json_files import check_content
from ..fileio.json_kinds import Results, TrackResult
from ..labels.rle import tube_iou
from ..labels.youtube_vis import video_title
from .average_precision import Group, average_precision, top_order
from .checks import check_gt, check_masks, check_score, read_gt_masks, stated_areas

#: Mean areas in pixels between which YouTube-VIS calls a tube medium-sized.
MEDIUM_TUBE = (128**2, 256**2)


@dataclass(frozen=True)
class _Tube:
    rles: list  # per frame an RLE or None
    areas: np.ndarray  # (T,) pixels
    stated_areas: np.ndarray  # (T,) as the file has them
    score: float = 0.0
    crowd: bool = False

    @property
    def mean_area(self) -> float:
        """Mean over the frames in which the object is."""
        areas = self.stated_areas[self.stated_areas > 0]
        return float(areas.mean()) if len(areas) else 0.0


def _read_gt(annotations: list[dict], videos: dict, where: str) -> dict[int, list[_Tube]]:
    tubes = defaultdict(list)
    for entry in annotations:
        rles, areas = read_gt_masks(entry, videos[entry['video_id']], where)
        tubes[entry['video_id']].append(_Tube(rles, areas, stated_areas(entry, areas),
                                              crowd=bool(entry.get('iscrowd'))))
    return tubes


def _read_track(entry: dict, videos: dict, seen: set, where: str, encoded_here: bool,
                ) -> tuple[int | str, _Tube]:
    """Check one track; returns the id of its video and what is measured.

    Args:
        entry: The track.
        videos: Video id to video of the ground truth.
        seen: Ids of the tracks before; gets this one's.
        where: File and track, for messages.
        encoded_here: See :func:`evaluate_vis`.
    """
    check_content(entry, TrackResult, where)
    video = videos.get(entry['video_id'])
    if video is None:
        raise S2DInputError(f'{where}: video {entry["video_id"]!r} is not in the ground truth; use '
                            'the same split for both')
    place = f'{where}, {video_title(video)}'
    if entry.get('id') is not None:
        if entry['id'] in seen:
            raise S2DInputError(f'{place}: track id {entry["id"]!r} occurs more than once; ids '
                                'must be unique')
        seen.add(entry['id'])
    score, masks = check_score(entry['score'], place), entry['segmentations']
    length = len(video['file_names'])
    if len(masks) != length:
        raise S2DInputError(f'{place}: expected segmentations for {length} frames, found '
                            f'{len(masks)}; write one RLE or null per frame')
    rles, areas = check_masks(masks, (video['height'], video['width']),
                              lambda frame: f'{place}, frame {frame}', encoded_here)
    return video['id'], _Tube(rles, areas, areas, score)


def _read_results(results: list[dict], videos: dict, where: str, lenient: bool,
                  encoded_here: bool) -> dict[int, list[_Tube]]:
    if not isinstance(results, list):
        check_content(results, Results, where)
    problems, tubes, seen = Problems(lenient), defaultdict(list), set()
    for index, entry in enumerate(results):
        try:
            video_id, tube = _read_track(entry, videos, seen, f'{where}, track {index}',
                                         encoded_here)
        except S2DInputError as error:
            problems.add(str(error))
        else:
            tubes[video_id].append(tube)
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
    videos, annotations = check_gt(gt, gt_name)
    gt_tubes = _read_gt(annotations, videos, gt_name)
    tubes = _read_results(results, videos, results_name, lenient, encoded_here)
    groups = [_group(tubes[key], gt_tubes[key], len(video['file_names']))
              for key, video in videos.items()]
    return average_precision(groups, MEDIUM_TUBE)
