"""Scores of a detector that say nothing, told instead of taken for an empty picture."""

from torch import Tensor

from ..errors import S2DInputError


def check_finite_scores(scores: Tensor) -> None:
    """Check that of a picture's scores, if there are any, some are finite.

    Raises:
        S2DInputError: If none is.
    """
    if len(scores) and not scores.isfinite().any():
        raise S2DInputError('the detector gives no finite scores: its weights are damaged, or half '
                            'precision is not enough for them (half=False)')
