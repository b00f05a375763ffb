"""Which of a frame's proposals go on to keymask discovery."""

from collections.abc import Sequence

import numpy as np

from s2d_plugins.arguments import check_share

from ..labels.mask_reader import read_masks, rle_size
from ..labels.rle import intersections


def select_proposals(proposals: Sequence[dict], min_score: float = 0.0,
                     max_containment: float = 1.0) -> list[dict]:
    """Keep confident proposals that are not other versions of a better one.

    Discovery keeps, of several masks of one object in a frame, the one that most others match;
    where a proposer gives nested versions of an object that is the widest. Such versions are
    therefore left out before.

    Args:
        proposals: ``dict(segmentation=RLE, score=float)`` of one frame.
        min_score: Least score.
        max_containment: Of two masks whose intersection is more than this share of the smaller
            one, the lower score is dropped. 1 keeps all.

    Returns:
        The kept proposals, best score first.

    Raises:
        S2DInputError: If a limit is no share, or an RLE does not decode or has another size than
            the best one's.
    """
    check_share('select_proposals', min_score=min_score, max_containment=max_containment)
    ranked = sorted((p for p in proposals if p['score'] >= min_score),
                    key=lambda proposal: -proposal['score'])
    if max_containment >= 1 or not ranked:
        return ranked
    masks = [proposal['segmentation'] for proposal in ranked]
    rles, areas = read_masks(masks, rle_size(masks[0], 'proposal 0'),
                             lambda index: f'proposal {index}', keep_empty=True)
    kept: list[int] = []
    for index, rle in enumerate(rles):
        shared = intersections([rle], [rles[other] for other in kept], areas[[index]],
                               areas[kept])[0]
        if not (shared > max_containment * np.minimum(areas[index], areas[kept])).any():
            kept.append(index)
    return [ranked[index] for index in kept]
