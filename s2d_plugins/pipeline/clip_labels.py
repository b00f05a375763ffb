"""The label files of single clips in a work dir."""

from pathlib import Path

from ..errors import S2DInputError
from ..labels.rle import resized_masks
from ..labels.youtube_vis import read_labels


def trusted(annotations: list[dict], max_one2x: float) -> list[dict]:
    """Leave out keymask instances with a larger share of masks that seem to join objects."""
    return [annotation for annotation in annotations
            if (annotation.get('one2x') or 0) <= max_one2x]


def read_clip_labels(path: Path) -> dict:
    """Read the labels that a stage made of one clip.

    Raises:
        S2DInputError: If the file is broken.
    """
    advice = 'delete it and run the same command again'
    try:
        labels = read_labels(path)
    except S2DInputError as error:
        raise S2DInputError(f'{str(error).rpartition(";")[0] or error}; {advice}') from error
    if len(labels['videos']) != 1:
        raise S2DInputError(f'{path}: expected the YouTube-VIS labels of one clip, found '
                            f'{len(labels["videos"])} videos; {advice}')
    length = len(labels['videos'][0]['file_names'])
    for annotation in labels['annotations']:
        if len(annotation['segmentations']) != length:
            raise S2DInputError(f'{path}, annotation {annotation["id"]}: '
                                f'{len(annotation["segmentations"])} segmentations, expected one '
                                f'per frame, {length}; {advice}')
    return labels


def read_annotations(path: Path, size: tuple[int, int]) -> list[dict]:
    """Read the annotations that a stage made of one clip, with masks of another size.

    Args:
        path: As :func:`read_clip_labels`.
        size: (height, width).

    Raises:
        S2DInputError: As :func:`read_clip_labels`.
    """
    return [dict(annotation, segmentations=resized_masks(annotation['segmentations'], size))
            for annotation in read_clip_labels(path)['annotations']]
