"""Keeps a tracker's image features, so that each frame of a video is encoded once."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class FrameFeatures(nn.Module):
    """Stands in for an image encoder that treats every frame on its own.

    Frames are recognised by their content, whatever batch they come in: a tracker that is called
    for many chunks of points, or once more on the reversed video, encodes nothing twice.

    Args:
        encoder: Maps (N, 3, h, w) to (N, C, h', w').
    """

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder
        self._known: dict[bytes, Tensor] = {}

    def forward(self, images: Tensor) -> Tensor:
        """Encode (N, 3, h, w), taking what is known."""
        keys = [hashlib.blake2b(image.contiguous().cpu().float().numpy()).digest()
                for image in images.detach()]
        new = {key: index for index, key in enumerate(keys) if key not in self._known}
        if new:
            features = self.encoder(images[list(new.values())])
            self._known.update(zip(new, features, strict=True))
        return torch.stack([self._known[key] for key in keys])


@contextmanager
def features_kept(model: nn.Module, name: str) -> Iterator[None]:
    """Keep the features of the encoder ``model.<name>`` while the context lasts."""
    encoder = getattr(model, name)
    setattr(model, name, FrameFeatures(encoder))
    try:
        yield
    finally:
        setattr(model, name, encoder)
