"""Masks on which several looks at a frame agree."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from ..arguments import check_count, check_share
from ..labels.rle import decode_mask, encode_mask
from ..registry import TASK_UTILS

#: What one look has found: per frame its masks.
Look = Sequence[Sequence[dict]]


@TASK_UTILS.register_module()
class MaskVote:
    """Keeps the pixels of a tube's masks that enough looks at the frame agree on.

    A small model has learnt where an object is in every frame, but repeats its outline coarsely;
    proposals and keymasks are there in some frames only and are wrong in others, but follow edges.
    In each frame in which a tube has a mask, the mask of every other look that overlaps it most,
    and enough, votes too; where nobody else does, the mask stays.

    Args:
        min_votes: So many of the masks must hold a pixel, the tube's own counted; where fewer look,
            all of them.
        min_iou: Least IoU of another look's mask with the tube's own for it to be of that object.

    Raises:
        S2DInputError: If an argument is out of its range.
    """

    def __init__(self, min_votes: int = 2, min_iou: float = 0.1):
        check_count(self, min_votes=min_votes)
        check_share(self, min_iou=min_iou)
        self.min_votes, self.min_iou = min_votes, min_iou

    def __call__(self, tubes: Sequence[dict], looks: Sequence[Look]) -> list[dict]:
        """Vote on the tubes of one clip.

        Args:
            tubes: With per frame an RLE or None in ``segmentations``; all of one size.
            looks: Of each look at the clip, per frame the RLEs of its masks, of the same size.

        Returns:
            The tubes with their new masks.
        """
        return [dict(tube, segmentations=[
            None if rle is None else self._vote(rle, [look[frame] for look in looks])
            for frame, rle in enumerate(tube['segmentations'])]) for tube in tubes]

    def _vote(self, own: dict, looks: Sequence[Sequence[dict]]) -> dict | None:
        masks = [own]
        for others in looks:
            if others:
                overlaps = coco_mask.iou([own], list(others), [0] * len(others))[0]
                best = int(overlaps.argmax())
                if overlaps[best] >= self.min_iou and overlaps[best] > 0:
                    masks.append(others[best])
        if len(masks) == 1:
            return own
        votes = np.sum([decode_mask(mask) for mask in masks], axis=0)
        agreed = votes >= min(self.min_votes, len(masks))
        return encode_mask(agreed) if agreed.any() else None


def masks_per_frame(tubes: Sequence[dict], num_frames: int) -> list[list[dict]]:
    """Return the masks of annotations, frame by frame: a look of a :class:`MaskVote`."""
    return [[tube['segmentations'][frame] for tube in tubes
             if tube['segmentations'][frame] is not None] for frame in range(num_frames)]
