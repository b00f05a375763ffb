"""Weights of one model under the names of another that holds the same tensors."""

from collections.abc import Iterable

from torch import Tensor

STUDENT, TEACHER = 'student.', 'teacher.'
IMAGE_HEAD, VIDEO_HEAD = 'panoptic_head.', 'track_head.'


def adapt_weights(weights: dict[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """Rename weights for a model with parameters ``names``.

    * A distiller's weights give a segmenter its teacher.
    * A segmenter's weights give a distiller both its student and its teacher.
    * mmdet's image Mask2Former gives a video one its head: the parameters are the same.

    Weights that fit already stay as they are.
    """
    names = list(names)
    for_distiller = _has(names, TEACHER)
    if _has(weights, TEACHER) and not for_distiller:
        weights = {name.removeprefix(TEACHER): value for name, value in weights.items()
                   if name.startswith(TEACHER)}
    if _has(weights, IMAGE_HEAD) and any(VIDEO_HEAD in name for name in names):
        weights = {VIDEO_HEAD + name.removeprefix(IMAGE_HEAD)
                   if name.startswith(IMAGE_HEAD) else name: value
                   for name, value in weights.items()}
    if for_distiller and not (_has(weights, TEACHER) or _has(weights, STUDENT)):
        weights = {prefix + name: value for prefix in (STUDENT, TEACHER)
                   for name, value in weights.items()}
    return weights


def _has(names: Iterable[str], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in names)
