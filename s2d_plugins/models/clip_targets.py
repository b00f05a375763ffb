"""What is known about the instances of a clip, as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from s2d_plugins.errors import S2DInputError

from .host_transfers import send_to_device


@dataclass
class ClipTargets:
    """The N instances of one clip of T frames.

    Attributes:
        labels: (N,) int64 class indices, in the host's memory.
        masks: (N, T, H, W) on the device of the model, bool or uint8, or float32 from 0 to 1; zero
            where unknown.
        known: (N, T) bool, in the host's memory; True where a mask is given. Elsewhere nothing is
            known.
    """

    labels: Tensor
    masks: Tensor
    known: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def labels_there(self) -> Tensor:
        """``labels`` on the device of the masks."""
        return send_to_device([self.labels], self.masks.device)[0]

    @cached_property
    def known_there(self) -> Tensor:
        """``known`` on the device of the masks."""
        return send_to_device([self.known], self.masks.device)[0]

    def resized(self, size: tuple[int, int]) -> 'ClipTargets':
        """Average the masks over the cells of a coarser grid of ``size`` (rows, columns)."""
        if len(self) == 0:
            masks = self.masks.new_zeros((0, self.known.shape[1], *size), dtype=torch.float32)
        else:
            masks = F.interpolate(self.masks.float(), size, mode='area')
        return ClipTargets(self.labels, masks, self.known)


def collect_clip_targets(clips: Sequence[Sequence], num_classes: int,
                         device: torch.device) -> list[ClipTargets]:
    """Join the instances of each clip's frames by their ids.

    Args:
        clips: Per clip its T ``DetDataSample``, whose ``gt_instances`` hold ``labels``, ``masks``
            (``BitmapMasks``, of one size in the batch) and ``instances_ids`` of the instances that
            have a mask there.
        num_classes: Labels must lie below it.
        device: Where the masks go, of all clips in one transfer.

    Raises:
        S2DInputError: If a label is not one of the model's classes.
    """
    collected = [_collect(frames, num_classes) for frames in clips]
    masks = send_to_device([clip.masks for clip in collected], device)
    return [ClipTargets(clip.labels, part, clip.known)
            for clip, part in zip(collected, masks, strict=True)]


def _collect(frames: Sequence, num_classes: int) -> ClipTargets:
    """Join the instances of one clip, in the host's memory."""
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
    return ClipTargets(all_labels, masks, known)
