"""Tubes that show a part of what another one shows."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from ..arguments import check_share
from ..registry import TASK_UTILS
from ..structures import Frames


@TASK_UTILS.register_module()
class PartJoiner:
    """Joins tubes that lie mostly inside of a larger one with it.

    A hand that once moved by itself is learnt as an object, and found where the whole is found too.
    Its masks are added to those of the whole; in frames without the whole they are left out, for
    there a part would stand for it.

    Args:
        min_inside: Mean share of the part's masks that lies inside of the whole's.

    Raises:
        S2DInputError: If ``min_inside`` is no share.
    """

    def __init__(self, min_inside: float = 0.5):
        check_share(self, min_inside=min_inside)
        self.min_inside = min_inside

    def __call__(self, frames: Frames, tubes: Sequence[dict]) -> list[dict]:
        """Join the tubes of one clip.

        Args:
            frames: Not looked at; here as for every refiner.
            tubes: With per frame an RLE or None as ``segmentations``.

        Returns:
            The tubes that stay, in their order, with new ``segmentations``.
        """
        joined = [dict(tube, segmentations=list(tube['segmentations'])) for tube in tubes]
        inside, areas = _shares_inside([tube['segmentations'] for tube in tubes])
        order = np.argsort(areas, kind='stable')
        stay = []
        for place, number in enumerate(order):
            larger = order[place + 1:]
            if len(larger) and inside[number, larger].max() >= self.min_inside:
                whole = joined[larger[inside[number, larger].argmax()]]
                _add(joined[number]['segmentations'], whole['segmentations'])
            else:
                stay.append(int(number))
        return [joined[number] for number in sorted(stay)]


def _shares_inside(tubes: Sequence[Sequence[dict | None]]) -> tuple[np.ndarray, np.ndarray]:
    """Measure (N, N) mean shares of each tube's masks inside of each one's, and (N,) mean areas."""
    inside, areas = np.zeros((len(tubes),) * 2), np.zeros(len(tubes))
    counts = np.zeros(len(tubes))
    for masks in zip(*tubes, strict=True):
        present = [number for number, rle in enumerate(masks) if rle and coco_mask.area(rle)]
        rles = [masks[number] for number in present]
        if present:
            # of a "crowd" the share of the first mask that lies inside of the second
            inside[np.ix_(present, present)] += coco_mask.iou(rles, rles, [1] * len(rles))
            areas[present] += coco_mask.area(rles)
            counts[present] += 1
    counts = counts.clip(1)
    return inside / counts[:, None], areas / counts


def _add(part: list[dict | None], whole: list[dict | None]) -> None:
    """Add masks to those of another tube, in the frames that have both."""
    for index, (mine, other) in enumerate(zip(part, whole, strict=True)):
        if mine and other:
            merged = coco_mask.merge([mine, other])
            whole[index] = dict(size=list(other['size']), counts=merged['counts'].decode('ascii'))
