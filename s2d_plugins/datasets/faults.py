"""What is wrong with labels and frames that a training or a test is pointed at."""

from collections.abc import Sequence

from ..errors import S2DInputError
from ..fileio.images import read_image


def check_scores(annotations: Sequence[dict], min_score: float, where: str) -> None:
    """Check that a least score can mean something: dense labels have scores, keymasks none.

    Raises:
        S2DInputError: If there are annotations and none of them has a score.
    """
    if annotations and all(annotation.get('score') is None for annotation in annotations):
        raise S2DInputError(
            f'{where}: expected dense labels, since min_score is {min_score}, found no score at '
            f'any of its {len(annotations)} annotations, as in keymasks, where null means unknown; '
            'make dense labels with tools/densify_labels.py, or set min_score=None')


def find_frame_fault(images: Sequence[dict], where: str) -> S2DInputError | None:
    """Return the error of the first frame that cannot be read or has another size than its labels.

    Args:
        images: ``img_path``, ``height`` and ``width`` of each frame; the files are on this machine.
        where: Label file and video, for the message.
    """
    for number, image in enumerate(images):
        try:
            size = read_image(image['img_path']).shape[:2]
        except S2DInputError as error:
            return S2DInputError(f'{where}, frame {number}: {error}')
        fault = size_fault(image, size, f'{where}, frame {number}')
        if fault is not None:
            return fault
    return None


def size_fault(image: dict, size: tuple[int, int], where: str) -> S2DInputError | None:
    """Return the error of a frame that is not of the (height, width) its labels say.

    Args:
        image: ``height`` and ``width`` of the labels, and ``img_path``.
        size: What was found.
        where: Label file or video, and frame, for the message.
    """
    if tuple(size) == (image['height'], image['width']):
        return None
    return S2DInputError(
        f'{where}: {image.get("img_path")} is {size[0]} x {size[1]} (height x width), the labels '
        f'say {image["height"]} x {image["width"]}; use the frames that the labels were made from')
