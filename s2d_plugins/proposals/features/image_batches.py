"""Frames through an image network: resized, normalised, in batches that fit the memory."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from PIL import Image

from ...errors import S2DInputError
from ...structures import Frames
from ..base_mask_proposer import checked_frame
from .base_feature_extractor import check_room

#: ImageNet's, RGB, of values from 0 to 1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def feature_maps(network: Callable[[torch.Tensor], torch.Tensor], frames: Frames, side: int,
                 patch: int, batch_size: int, device: str) -> Iterator[np.ndarray]:
    """Yield the features of every frame (D, rows, columns) float32.

    Args:
        network: Images (B, 3, side, side) to features (B, D, rows, columns).
        frames: Of a clip.
        side: Frames are resized to a square of so many pixels, by Lanczos, as MaskCut does.
        patch: Frames smaller than this are refused.
        batch_size: Most frames per pass; where memory does not suffice, half of it from then on.
        device: Where the network is.

    Raises:
        S2DInputError: If a frame is none, or not even one at a time fits the memory.
    """
    start = 0
    while start < len(frames):
        stop = min(start + batch_size, len(frames))
        images = torch.stack([_image(frames, index, side, patch) for index in range(start, stop)])
        try:
            with torch.no_grad():
                features = network(images.to(device)).float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            if batch_size == 1:
                raise S2DInputError(f'{device} has no memory for one frame of {side}x{side}; '
                                    "choose a smaller image_size, or device='cpu'") from error
            batch_size = max(1, (stop - start) // 2)
            continue
        yield from features
        start = stop


def _image(frames: Frames, index: int, side: int, patch: int) -> torch.Tensor:
    frame = checked_frame(frames, index)
    check_room(frame, index, patch)
    resized = np.asarray(Image.fromarray(frame).resize((side, side), Image.Resampling.LANCZOS))
    values = (resized.astype(np.float32) / 255 - MEAN) / STD
    return torch.from_numpy(values.astype(np.float32)).permute(2, 0, 1)
