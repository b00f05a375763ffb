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
    how good its mask is, and parts of an object score as high as the whole of it. A keymask
    instance supports a tube by their mean IoU over the instance's keymasks times the instance's own
    score; a tube's support is the most that any gives. The new score is the old one times the
    support. Dense labels judge the tubes of the model that learnt from them in the same way.

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
            keymasks: The clip's keymask annotations, with their ``proposal_score``, or dense ones
                with their ``score``; those with neither count with 1.

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
    if not keymasks:
        return None
    weights = [one.get('proposal_score', one.get('score', 1.0)) for one in keymasks]
    return (mean_overlaps(tubes, keymasks) * weights).max(axis=1)


def mean_overlaps(tubes: Sequence[Sequence[dict | None]], known: Sequence[dict]) -> np.ndarray:
    """Measure the mean IoU of tubes with annotations, over the frames in which these have a mask.

    Args:
        tubes: N tubes, per frame an RLE or None.
        known: M annotations of the same clip, each with a mask in some frame.

    Returns:
        (N, M), 0 to 1.
    """
    overlaps = np.zeros((len(tubes), len(known)))
    if not known:
        return overlaps
    for frame, masks in enumerate(zip(*(one['segmentations'] for one in known), strict=True)):
        columns = [index for index, rle in enumerate(masks) if rle]
        rows = [index for index, tube in enumerate(tubes) if tube[frame]]
        if rows and columns:
            overlaps[np.ix_(rows, columns)] += coco_mask.iou(
                [tubes[index][frame] for index in rows], [masks[index] for index in columns],
                [0] * len(columns))
    counts = [sum(rle is not None for rle in one['segmentations']) for one in known]
    return overlaps / np.maximum(counts, 1)
