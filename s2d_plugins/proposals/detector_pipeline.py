"""Frames for mmdet's models: prepared as the test pipeline of a config says."""

import copy
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from ..errors import S2DInputError, one_line, shortened
from ..fileio.configs import type_name

#: Starts the names of mmdet's steps that read files.
_READS = 'Load'


def test_transforms(config: Config, name: str) -> list[dict]:
    """Return the steps of a config's ``test_pipeline`` without those that read files.

    Args:
        config: mmdet config with ``test_pipeline``, or ``test_dataloader.dataset.pipeline``.
        name: Its name, for the message.

    Raises:
        S2DInputError: If there is none, or it does not end with ``PackDetInputs``.
    """
    pipeline = config.get('test_pipeline') or (config.get('test_dataloader') or {}).get(
        'dataset', {}).get('pipeline')
    steps = copy.deepcopy(list(pipeline)) if isinstance(pipeline, list | tuple) else []
    kinds = [type_name(step['type']) if isinstance(step, dict) and 'type' in step else ''
             for step in steps]
    if not kinds or kinds[-1] != 'PackDetInputs' or '' in kinds:
        raise S2DInputError(f'{name}: expected a test_pipeline that ends with PackDetInputs'
                            f', found {shortened(str(kinds), 60)}; give the config of an mmdet '
                            'instance segmenter')
    return [step for step, kind in zip(steps, kinds, strict=True) if not kind.startswith(_READS)]


def prepare_frames(frames: Sequence[np.ndarray], transforms: Callable[[dict], dict]) -> dict:
    """Make a batch as mmdet's ``test_step`` takes it.

    Args:
        frames: (H, W, 3) uint8 RGB each. The transforms get BGR, as mmdet's images are read.
        transforms: From a dict with ``img`` and its sizes to one with inputs and data samples.

    Raises:
        S2DInputError: If a frame is so thin that nothing is left of it at the model's size.
    """
    batch = []
    for frame in frames:
        image = np.ascontiguousarray(frame[..., ::-1])
        size = image.shape[:2]
        try:
            batch.append(transforms(dict(img=image, img_shape=size, ori_shape=size)))
        except (ValueError, ZeroDivisionError, cv2.error) as error:
            raise S2DInputError(f'a frame of {size[1]}x{size[0]} cannot be prepared as the '
                                f"config's test_pipeline says: {one_line(error)}; cut or scale the "
                                'video first') from error
    return pseudo_collate(batch)
