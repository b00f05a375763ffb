"""How far the tubes of a result can be trusted, told without any truth."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from ..arguments import check_share
from ..registry import TASK_UTILS
from .keymask_support import mean_overlaps


@TASK_UTILS.register_module()
class AgreementQuality:
    """Estimates the quality of a clip's tubes from what the stages before have found there.

    Three findings that come from each other by learning, and differ where learning had nothing
    to hold on to, are compared:

    * ``dense_agreement``: the mean IoU with the dense tube that agrees most;
    * ``keymask_agreement``: the mean IoU with the keymasks of one instance, over its keymasks;
    * ``keymask_share``: the keymasks of that instance for each frame in which the tube has a mask,
      at most 1.

    The quality is the product of the first two and the square root of the third, 0 to 1, of the
    instance with the highest. It says how much agrees, not how good outlines are: what all stages
    take for an object is not found out. Tubes of a clip without keymasks have 0.

    Args:
        low_below: A quality below this is low.

    Raises:
        S2DInputError: If ``low_below`` is no share.
    """

    def __init__(self, low_below: float = 0.15):
        check_share(self, low_below=low_below)
        self.low_below = low_below

    def __call__(self, tubes: Sequence[Sequence[dict | None]], keymasks: Sequence[dict],
                 dense: Sequence[dict] | None = None) -> list[dict]:
        """Judge the tubes of one clip; all masks are of one size.

        Args:
            tubes: N tubes, per frame an RLE or None.
            keymasks: The clip's keymask annotations.
            dense: Its dense ones; None leaves their factor out.

        Returns:
            For each tube ``quality``, ``low`` (whether it is) and what it is made of; without
            ``dense_agreement`` where ``dense`` is None.
        """
        agreement, share = _keymask_findings(tubes, keymasks)
        values = agreement * np.sqrt(share)
        best = values.argmax(axis=1) if keymasks else np.zeros(len(tubes), int)
        found = []
        for index, instance in enumerate(best):
            parts = dict(keymask_agreement=agreement[index, instance],
                         keymask_share=share[index, instance]) if keymasks else dict(
                             keymask_agreement=0.0, keymask_share=0.0)
            quality = values[index, instance] if keymasks else 0.0
            if dense is not None:
                parts['dense_agreement'] = _dense_agreement(tubes[index], dense)
                quality *= parts['dense_agreement']
            found.append(dict(quality=round(float(quality), 4), low=bool(quality < self.low_below),
                              **{name: round(float(value), 4) for name, value in parts.items()}))
        return found


def _keymask_findings(tubes: Sequence[Sequence[dict | None]],
                      keymasks: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Agreement and share of N tubes with M keymask instances, both (N, M)."""
    agreement = mean_overlaps(tubes, keymasks)
    known = np.array([sum(rle is not None for rle in one['segmentations']) for one in keymasks])
    shown = np.array([_frames_with_pixels(tube) for tube in tubes])
    share = known[None] / np.maximum(shown, 1)[:, None] if len(tubes) else agreement
    return agreement, np.minimum(share.reshape(agreement.shape), 1)


def _frames_with_pixels(tube: Sequence[dict | None]) -> int:
    masks = [rle for rle in tube if rle]
    return int(np.count_nonzero(coco_mask.area(masks))) if masks else 0


def _dense_agreement(tube: Sequence[dict | None], dense: Sequence[dict]) -> float:
    return float(mean_overlaps([tube], dense).max(initial=0))
