"""Two compiled mmcv ops in plain PyTorch, for an mmcv that came without them.

Semantics are mmcv's, so that checkpoints give the same boxes and features: NMS with ``offset``,
RoIAlign with the half-pixel shift and adaptive sampling of He et al. (Mask R-CNN).
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Greedy non-maximum suppression.

    Args:
        boxes: (N, 4) corners x1, y1, x2, y2 in pixels.
        scores: (N,).
        iou_threshold: A box is dropped if its IoU with a better one is above this.
        offset: Added to widths and heights (1 where x2 is the last pixel inside).

    Returns:
        (K,) int64 indices of the kept boxes, best first; of equals the earlier comes first.
    """
    order = scores.argsort(descending=True, stable=True)
    corners = boxes[order].detach().float().cpu().numpy()
    left, top, right, bottom = (np.ascontiguousarray(column) for column in corners.T)
    areas = (right - left + offset) * (bottom - top + offset)
    alive = np.ones(len(corners), dtype=bool)
    for best in range(len(corners)):
        if not alive[best]:
            continue
        rest = np.flatnonzero(alive[best + 1:]) + best + 1
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest]) + offset
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest]) + offset
        shared = width.clip(0) * height.clip(0)
        with np.errstate(invalid='ignore'):  # 0 / 0: boxes without area do not suppress others
            alive[rest] = ~(shared / (areas[best] + areas[rest] - shared) > iou_threshold)
    return order[torch.from_numpy(alive).to(order.device)]


def roi_align(features: Tensor, rois: Tensor, output_size: tuple[int, int],
              spatial_scale: float, sampling_ratio: int, aligned: bool) -> Tensor:
    """Average RoIAlign: every output cell is the mean of bilinear samples inside it.

    Sampling is separable, so a region is read as ``down @ features @ across.T``.

    Args:
        features: (N, C, H, W).
        rois: (K, 5) rows: index into N, then x1, y1, x2, y2 in image pixels.
        output_size: Cells (down, across).
        spatial_scale: Feature cells per image pixel.
        sampling_ratio: Samples per cell and axis; 0: as many as a cell is feature cells long.
        aligned: Shift by half a cell, so that cell centres lie at integer coordinates.

    Returns:
        (K, C, down, across); :func:`roi_align_backward` gives its gradient.

    Raises:
        ValueError: If an aligned region has a negative size.
    """
    output = features.new_zeros(len(rois), features.shape[1], *output_size)
    readings = _readings(rois, features.shape[-2:], output_size, spatial_scale, sampling_ratio,
                         aligned)
    for position, (index, rows, columns, down, across) in enumerate(readings):
        crop = features[index][:, rows, columns]
        output[position] = down.to(crop) @ crop @ across.to(crop).T
    return output


def roi_align_backward(grad_output: Tensor, rois: Tensor, shape: torch.Size,
                       output_size: tuple[int, int], spatial_scale: float, sampling_ratio: int,
                       aligned: bool) -> Tensor:
    """Gradient of :func:`roi_align` with respect to features of ``shape``."""
    grad = grad_output.new_zeros(shape)
    readings = _readings(rois, shape[-2:], output_size, spatial_scale, sampling_ratio, aligned)
    for cells, (index, rows, columns, down, across) in zip(grad_output, readings, strict=True):
        grad[index][:, rows, columns] += down.to(cells).T @ cells @ across.to(cells)
    return grad


def _readings(rois: Tensor, feature_size: tuple[int, int], output_size: tuple[int, int],
              spatial_scale: float, sampling_ratio: int, aligned: bool) -> Iterator[tuple]:
    """Yield per region its image, the slices it reads and their weights, down and across."""
    # float32 like the compiled op: the number of samples depends on the last bit
    regions = rois[:, 1:].detach().float().cpu() * spatial_scale - (0.5 if aligned else 0.0)
    starts, lengths = regions[:, :2], regions[:, 2:] - regions[:, :2]
    if aligned and (lengths < 0).any():
        raise ValueError(f'RoIAlign: region {rois[(lengths < 0).any(1)][0].tolist()} has a '
                         'negative size')
    if not aligned:
        lengths = lengths.clamp(min=1)
    counts = torch.full_like(lengths, sampling_ratio) if sampling_ratio > 0 else (
        lengths / torch.tensor(output_size[::-1])).ceil()
    for index, (x, y), (width, height), (count_x, count_y) in zip(
            rois[:, 0].long().tolist(), starts.tolist(), lengths.tolist(), counts.tolist(),
            strict=True):
        rows, down = _bilinear_weights(y, height, output_size[0], int(count_y), feature_size[0])
        columns, across = _bilinear_weights(x, width, output_size[1], int(count_x),
                                            feature_size[1])
        yield index, rows, columns, down, across


def _bilinear_weights(start: float, length: float, cells: int, count: int,
                      size: int) -> tuple[slice, Tensor]:
    """Return how one axis of a region reads a feature axis of ``size`` places.

    That is the slice of places it reads and the weights (cells, places in the slice).
    """
    if count == 0:
        return slice(0, 0), torch.zeros(cells, 0)
    offsets = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    places = start + (torch.arange(cells, dtype=torch.float64)[:, None] + offsets) * length / cells
    share = ((places >= -1) & (places <= size)).double() / count  # samples outside read zero
    places = places.clamp(0, size - 1)
    low = places.floor().long()
    high = (low + 1).clamp(max=size - 1)
    read = slice(int(low.min()), int(high.max()) + 1)
    weights = torch.zeros(cells, read.stop - read.start, dtype=torch.float64)
    weights.scatter_add_(1, low - read.start, (1 - places + low) * share)
    weights.scatter_add_(1, high - read.start, (places - low) * share)
    return read, weights
