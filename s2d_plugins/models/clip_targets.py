"""What is known about the instances of a clip, as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from s2d_plugins.errors import S2DInputError


@dataclass
class ClipTargets:
    """The N instances of one clip of T frames.

    Attributes:
        labels: (N,) int64 class indices.
        masks: (N, T, H, W) float32 from 0 to 1; zero where unknown.
        known: (N, T) bool; True where a mask is given. Elsewhere nothing is known.
    """

    labels: Tensor
    masks: Tensor
    known: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def resized(self, size: tuple[int, int]) -> 'ClipTargets':
        """Average the masks over the cells of a coarser grid of ``size`` (rows, columns)."""
        if len(self) == 0:
            return ClipTargets(self.labels, self.masks.new_zeros((0, self.known.shape[1], *size)),
                               self.known)
        return ClipTargets(self.labels, F.interpolate(self.masks, size, mode='area'), self.known)


def collect_clip_targets(frames: Sequence, num_classes: int, device: torch.device) -> ClipTargets:
    """Join the instances of a clip's frames by their ids.

    Args:
        frames: T ``DetDataSample`` whose ``gt_instances`` hold ``labels``, ``masks``
            (``BitmapMasks``) and ``instances_ids`` of the instances that have a mask there.
        num_classes: Labels must lie below it.
        device: Where the tensors go.

    Raises:
        S2DInputError: If a label is not one of the model's classes.
    """
    counts = [len(frame.gt_instances.instances_ids) for frame in frames]
    size = frames[0].gt_instances.masks.masks.shape[1:]
    ids = torch.cat([frame.gt_instances.instances_ids for frame in frames]).cpu()
    labels = torch.cat([frame.gt_instances.labels for frame in frames]).cpu()
    if len(labels) and int(labels.max()) >= num_classes:
        raise S2DInputError(f'a clip of {frames[0].metainfo.get("img_path", "?")} has label '
                            f'{int(labels.max())}, the model has {num_classes} class(es); use '
                            'class-agnostic labels (category_id 1)')
    unique_ids, instance = ids.unique(return_inverse=True)
    frame_index = torch.repeat_interleave(torch.arange(len(frames)), torch.tensor(counts))
    masks = torch.zeros((len(unique_ids), len(frames), *size), dtype=torch.uint8)
    known = torch.zeros((len(unique_ids), len(frames)), dtype=torch.bool)
    all_labels = torch.zeros(len(unique_ids), dtype=torch.long)
    if len(unique_ids):
        pixels = np.concatenate([frame.gt_instances.masks.masks for frame in frames])
        masks[instance, frame_index] = torch.from_numpy(pixels.astype(np.uint8, copy=False))
        known[instance, frame_index] = True
        all_labels[instance] = labels
    return ClipTargets(all_labels.to(device), masks.to(device).float(), known.to(device))
