"""What the losses of each decoder layer take, worked out on the host from the matchings.

Indices go to the device once for all layers; taking rows by them makes the host wait for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .clip_targets import ClipTargets
from .host_transfers import send_to_device


@dataclass
class LayerRows:
    """The rows of one layer's losses; a row is one frame of a matched (query, instance) pair.

    Attributes:
        predicted: (R,) places of the rows among the B * Q * T frames of all queries.
        target: Per clip the places of its rows among the N * T frames of its instances; R in all.
        known: (R,) bool, True where the instance has a keymask in the frame; on the host.
        labels: (B * Q,) int64 class of each query's instance, or the number of classes.
        matched: (B * Q,) bool, True where a query has an instance.
    """

    predicted: Tensor
    target: list[Tensor]
    known: Tensor
    labels: Tensor
    matched: Tensor


def make_layer_rows(matches: Sequence[Sequence[tuple[Tensor, Tensor]]],
                    targets: Sequence[ClipTargets], num_queries: int, num_classes: int,
                    known_only: bool) -> list[LayerRows]:
    """Turn matchings into rows.

    Args:
        matches: Per layer and clip, query and instance of each pair, on the host.
        targets: The B clips.
        num_queries: Q.
        num_classes: Label of a query without an instance.
        known_only: Leave out frames without a keymask.

    Returns:
        Rows of each layer; all but ``known`` on the device of the masks.
    """
    known, sent = [], []
    for layer in matches:
        parts = [_clip_rows(number * num_queries, *pair, clip, known_only)
                 for number, (pair, clip) in enumerate(zip(layer, targets, strict=True))]
        predicted, taken, is_known = zip(*parts, strict=True)
        labels = torch.full((len(targets), num_queries), num_classes)
        for row, (queries, instances), clip in zip(labels, layer, targets, strict=True):
            row[queries] = clip.labels[instances]
        known.append(torch.cat(is_known))
        sent += [torch.cat(predicted), *taken, labels.flatten()]
    there = iter(send_to_device(sent, targets[0].masks.device))
    rows = []
    for is_known in known:
        predicted, *taken, labels = (next(there) for _ in range(len(targets) + 2))
        rows.append(LayerRows(predicted, taken, is_known, labels, labels != num_classes))
    return rows


def _clip_rows(first_query: int, queries: Tensor, instances: Tensor, clip: ClipTargets,
               known_only: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of one clip: places of the prediction and of the target, and whether they are known."""
    frames = torch.arange(clip.known.shape[1])
    predicted = ((first_query + queries)[:, None] * len(frames) + frames).flatten()
    target = (instances[:, None] * len(frames) + frames).flatten()
    known = clip.known[instances].flatten()
    if known_only:
        predicted, target, known = predicted[known], target[known], known[known]
    return predicted, target, known
