"""Checks of ground truth and results: what is wrong, in which file, video and frame."""

import math
from collections.abc import Callable

import numpy as np

from ..errors import S2DInputError
from ..labels.mask_reader import read_masks
from ..labels.rle import areas_and_boxes
from ..labels.youtube_vis import checked_labels, video_title


def check_gt(gt: dict, where: str) -> tuple[dict[int | str, dict], list[dict]]:
    """Check ground truth in YouTube-VIS form.

    Returns:
        Video id to video, ordered by id, and the annotations.

    Raises:
        S2DInputError: If there are no annotations, or it is no label file (see
            :func:`~s2d_plugins.labels.youtube_vis.checked_labels`).
    """
    labels = checked_labels(gt, where)
    if gt.get('annotations') is None:
        raise S2DInputError(
            f'{where} has no annotations (a split for a server?), so nothing can be measured; '
            'use an annotated split, or format_only (--format-only) to write the submission')
    ordered = sorted(labels['videos'],
                     key=lambda video: (isinstance(video['id'], str), video['id']))
    return {video['id']: video for video in ordered}, labels['annotations']


def read_gt_masks(entry: dict, video: dict, where: str) -> tuple[list[dict | None], np.ndarray]:
    """Read the masks of one annotation of checked labels.

    Returns:
        See :func:`check_masks`.

    Raises:
        S2DInputError: If a mask does not decode or has another size.
    """
    place = f'{where}, {video_title(video)}'
    return read_masks(entry['segmentations'], (video['height'], video['width']),
                      lambda frame: f'{place}, frame {frame}')


def stated_areas(entry: dict, areas: np.ndarray) -> np.ndarray:
    """Areas (T,) that an annotation states, as the official evaluation takes them.

    Args:
        entry: The annotation.
        areas: (T,) measured; they count where no area, or none that can be, is stated.
    """
    stated = entry.get('areas')
    if not stated or len(stated) != len(areas):
        return areas
    stated = np.array([0 if area is None else area for area in stated], dtype=float)
    return np.where(np.isfinite(stated) & (stated > 0), stated, areas)


def check_masks(segmentations: list, size: tuple[int, int], frame_place: Callable[[int], str],
                encoded_here: bool = False) -> tuple[list[dict | None], np.ndarray]:
    """Compressed RLEs and areas of the masks in a list that has None where nothing is.

    Args:
        segmentations: COCO segmentations or None.
        size: Expected (height, width).
        frame_place: Names the place of entry i for an error message.
        encoded_here: They are RLEs of :func:`~s2d_plugins.labels.rle.encode_masks`, which decode
            for sure.

    Returns:
        See :func:`~s2d_plugins.labels.mask_reader.read_masks`.

    Raises:
        S2DInputError: At the first mask that does not decode or has another size.
    """
    if not encoded_here:
        return read_masks(segmentations, size, frame_place)
    present = [index for index, rle in enumerate(segmentations) if rle is not None]
    areas = np.zeros(len(segmentations), np.int64)
    areas[present] = areas_and_boxes([segmentations[index] for index in present])[0]
    for index in present:
        if tuple(segmentations[index]['size']) != tuple(size):
            raise S2DInputError(
                f'{frame_place(index)}: mask of size {tuple(segmentations[index]["size"])}, '
                f'expected (height, width) {tuple(size)} of the video; resize the results')
    return [rle if area else None for rle, area in zip(segmentations, areas, strict=True)], areas


def check_score(score, place: str) -> float:
    """A finite score.

    Raises:
        S2DInputError: If it is missing, NaN or infinite.
    """
    if not isinstance(score, int | float | np.integer | np.floating) or isinstance(
            score, bool) or not math.isfinite(score):
        raise S2DInputError(f'{place}: score {score!r} is not a finite number')
    return float(score)
