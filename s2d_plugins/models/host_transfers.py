"""Copies between the host and a device, many tensors at a time.

Each read from a GPU makes the host wait until the GPU has done all that it was given; each copy to
it waits too, unless it is asked not to. A training step therefore makes few of them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def read_from_device(*tensors: Tensor) -> list[Tensor]:
    """Copy tensors of one device to the host in a single transfer.

    Returns:
        Tensors of the same shapes in float32, so integers are exact up to 2**24.
    """
    flat = torch.cat([tensor.detach().float().flatten() for tensor in tensors]).cpu()
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def send_to_device(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Copy tensors of one data type from the host to a device in a single transfer.

    The host does not wait for it.

    Returns:
        Tensors of the same shapes on the device; views of one.
    """
    if not tensors:
        return []
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    if device.type == 'cuda':
        flat = flat.pin_memory()
    parts = flat.to(device, non_blocking=True).split([tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]
