"""Dense tubes judged by the keymasks that they were learnt from."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from ..arguments import check_share
from ..registry import TASK_UTILS


@TASK_UTILS.register_module()
class KeymaskSupport:
    """Scores the tubes of a clip by how well keymasks agree with them, and drops the others.

    Where a model has learnt from sparse masks, its scores say how often a query was matched, not
    how good its mask is, and parts of an object score as high as the whole of it. A tube's support
    is the mean, over the frames with keymasks, of its best IoU with one of them, each times its
    instance's own score. The new score is the old one times the support.

    Tubes of objects that have no keymask lose their place too: this is for few videos with few
    objects each, not for the published recipe.

    Args:
        min_share: Tubes whose new score is below this share of the clip's best are left out.

    Raises:
        S2DInputError: If ``min_share`` is no share.
    """

    def __init__(self, min_share: float = 0.5):
        check_share(self, min_share=min_share)
        self.min_share = min_share

    def __call__(self, tubes: Sequence[dict], keymasks: Sequence[dict]) -> list[dict]:
        """Judge the annotations of one clip.

        Args:
            tubes: Dense annotations with ``score`` and per frame an RLE or None.
            keymasks: The clip's keymask annotations; those without a score count with 1.

        Returns:
            The tubes that stay, best first, with their new ``score``. All as they are if the clip
            has no keymask.
        """
        support = keymask_support([tube['segmentations'] for tube in tubes], keymasks)
        if support is None:
            return list(tubes)
        scores = support * [tube['score'] for tube in tubes]
        kept = [index for index in np.argsort(-scores, kind='stable')
                if scores[index] >= self.min_share * scores.max()]
        return [dict(tubes[index], score=float(scores[index])) for index in kept]


def keymask_support(tubes: Sequence[Sequence[dict | None]],
                    keymasks: Sequence[dict]) -> np.ndarray | None:
    """Measure how well keymasks agree with tubes; see :class:`KeymaskSupport`.

    Args:
        tubes: N tubes, per frame an RLE or None.
        keymasks: Annotations of the same clip.

    Returns:
        (N,), 0 to 1; None if there is no keymask.
    """
    total, frames = np.zeros(len(tubes)), 0
    for frame, known in enumerate(zip(*(one['segmentations'] for one in keymasks), strict=True)):
        pairs = [(rle, keymasks[index].get('score')) for index, rle in enumerate(known) if rle]
        if not pairs:
            continue
        frames += 1
        present = [index for index, tube in enumerate(tubes) if tube[frame]]
        if present:
            overlaps = coco_mask.iou([tubes[index][frame] for index in present],
                                     [rle for rle, _ in pairs], [0] * len(pairs))
            weights = [1.0 if score is None else score for _, score in pairs]
            total[present] += (overlaps * weights).max(axis=1)
    return total / frames if frames else None
