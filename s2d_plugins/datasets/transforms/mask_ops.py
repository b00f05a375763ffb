"""Pure functions on masks: decode, sample, measure, and select the instances of a frame."""

import cv2
import numpy as np
from mmdet.structures.mask import BitmapMasks
from pycocotools import mask as coco_mask


def decode_at(rles: list[dict], size: tuple[int, int]) -> np.ndarray:
    """Decode RLEs of one size straight to (N, height, width) uint8 at another size.

    Each target pixel takes the value of the source pixel under its centre (nearest neighbour).
    One mask at a time: the large intermediate then stays in the cache.

    Args:
        rles: N valid compressed RLEs, all of the same size; N may be 0.
        size: (height, width) of the result.
    """
    masks = np.empty((len(rles), *size), np.uint8)
    for mask, rle in zip(masks, rles, strict=True):
        columns = coco_mask.decode(rle).T  # (W, H), contiguous: RLE runs down the columns
        if columns.shape != size[::-1]:
            columns = cv2.resize(columns, size, interpolation=cv2.INTER_NEAREST_EXACT)
        mask[:] = columns.T
    return masks


def resize_masks(masks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize (N, H, W) uint8 masks to ``size`` (height, width), as :func:`decode_at` does."""
    if not len(masks):
        return np.zeros((0, *size), np.uint8)
    return np.stack([cv2.resize(np.ascontiguousarray(mask), size[::-1],
                                interpolation=cv2.INTER_NEAREST_EXACT) for mask in masks])


def boxes_of_masks(masks: np.ndarray) -> np.ndarray:
    """Tight boxes (N, 4) float32 ``x1, y1, x2, y2`` of (N, H, W) uint8 masks.

    The right and lower edges are exclusive: a mask of the single pixel (0, 0) has the box
    0, 0, 1, 1. An empty mask has the box 0, 0, 0, 0.
    """
    boxes = np.array([cv2.boundingRect(mask) for mask in masks], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def set_instances(results: dict, masks: np.ndarray, ids: np.ndarray, labels: np.ndarray,
                  ignore: np.ndarray, min_area: int = 1) -> None:
    """Write the instances of one frame into mmdet's keys, without those that are too small.

    Args:
        results: The frame; gets ``gt_masks`` (BitmapMasks), ``gt_bboxes`` (N, 4),
            ``gt_bboxes_labels`` (N,), ``gt_instances_ids`` (N,) and ``gt_ignore_flags`` (N,).
        masks: (N, H, W) uint8 in 0, 1.
        ids: (N,) identity over the frames of the video.
        labels: (N,) class.
        ignore: (N,) bool.
        min_area: Least number of pixels for an instance to stay.
    """
    areas = np.array([cv2.countNonZero(mask) for mask in masks], int)
    keep = np.flatnonzero(areas >= min_area)
    if len(keep) < len(masks):
        masks, ids, labels, ignore = masks[keep], ids[keep], labels[keep], ignore[keep]
    results['gt_masks'] = BitmapMasks(masks, *masks.shape[1:])
    results['gt_bboxes'] = boxes_of_masks(masks)
    results['gt_bboxes_labels'] = np.asarray(labels, np.int64)
    results['gt_instances_ids'] = np.asarray(ids, np.int64)
    results['gt_ignore_flags'] = np.asarray(ignore, bool)
