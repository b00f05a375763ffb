"""Ground truth per video and frame, from DAVIS-like folders or YouTube-VIS JSON."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ...errors import S2DInputError
from ...evaluation.checks import check_gt, read_gt_masks
from ...evaluation.davis_measures import MaskShape, cut_ids, cut_mask
from ...evaluation.davis_truth import find_sequences, read_truth
from ...fileio.json_files import read_json
from ...labels.indexed_png import VOID, clear_void, read_davis_png
from ...labels.rle import decode_mask
from ...labels.youtube_vis import videos_by_name


@dataclass(frozen=True)
class VideoTruth:
    """Annotated objects of one video.

    Attributes:
        name: Name of the video.
        length: Number of annotated frames.
        count: Number of objects.
        objects: Frame number to the shapes of all objects, empty where one is absent.
    """

    name: str
    length: int
    count: int
    objects: Callable[[int], list[MaskShape]]


def load_truth(path: str | Path,
               names: Collection[str] | None = None) -> dict[str, VideoTruth]:
    """Read ground truth.

    Args:
        path: A DAVIS folder or folder of sequences (see
            :func:`~s2d_plugins.evaluation.davis_truth.find_sequences`), or YouTube-VIS JSON, whose
            videos are named by ``name`` or by the folder of their ``file_names``.
        names: Videos to read; all by default. Others in a folder are not opened.

    Returns:
        Name to video.

    Raises:
        S2DInputError: If it is neither, or two videos of the JSON have one name.
    """
    path = Path(path)
    if path.suffix == '.json':
        return _select(_from_labels(read_json(path), str(path)), names)
    if not path.is_dir():
        raise S2DInputError(f'ground truth {path} is neither a folder nor a .json file')
    truths = {name: _from_folder(name, files)
              for name, files in _select(find_sequences(path, 'unsupervised'), names).items()}
    empty = [name for name, truth in truths.items() if not truth.count]
    if empty:
        print_log(f'{path}: no object in the first frame of {", ".join(empty)}, which is therefore '
                  'not measured', 'current', logging.WARNING)
    return truths


def _select(found: dict, names: Collection[str] | None) -> dict:
    return found if names is None else {name: part for name, part in found.items()
                                        if name in names}


def _from_folder(name: str, files: list[Path]) -> VideoTruth:
    truth = read_truth(name, files)

    def objects(frame: int) -> list[MaskShape]:
        ids = read_davis_png(files[frame])
        ids = (ids == VOID).astype(np.uint8) if truth.single else clear_void(ids)
        return cut_ids(ids, truth.count)

    return VideoTruth(name, len(files), truth.count, objects)


def _from_labels(labels: dict, where: str) -> dict[str, VideoTruth]:
    (videos, annotations), tubes = check_gt(labels, where), defaultdict(list)
    for entry in annotations:
        video = videos[entry['video_id']]
        tubes[video['id']].append(read_gt_masks(entry, video, where)[0])
    return {name: _from_tubes(name, video, tubes[video['id']])
            for name, video in videos_by_name(videos.values(), where).items()}


def _from_tubes(name: str, video: dict, tubes: list) -> VideoTruth:
    empty = np.zeros((video['height'], video['width']), bool)

    def objects(frame: int) -> list[MaskShape]:
        return [cut_mask(empty if tube[frame] is None else decode_mask(tube[frame]))
                for tube in tubes]

    return VideoTruth(name, len(video['file_names']), len(tubes), objects)
