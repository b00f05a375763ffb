"""Where torch runs: what the user chose holds for this package and for mmengine's Runner.

``CUDA_VISIBLE_DEVICES`` belongs to whoever started the process, such as a scheduler that lent it
some GPUs: it is read by CUDA and never written here.
"""

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any

from .errors import S2DInputError

DEVICES = 'cpu, cuda or cuda:N'


def choose_device(name: str | None = None) -> str:
    """Choose where torch runs; nothing is changed by it, see :func:`running_on`.

    Args:
        name: One of :data:`DEVICES`; None takes a GPU where torch sees one.

    Returns:
        ``'cpu'``, ``'cuda'`` or ``'cuda:N'``.

    Raises:
        S2DInputError: If there is no such device.
    """
    import torch
    kind, colon, index = str('' if name is None else name).partition(':')
    if kind not in ('cpu', 'cuda') and name is not None or colon and not (
            kind == 'cuda' and index.isascii() and index.isdecimal()):
        raise S2DInputError(f'expected the device {DEVICES}, found {name!r}')
    if kind == 'cpu':
        return 'cpu'
    if not torch.cuda.is_available():
        if kind == 'cuda':
            raise S2DInputError(f'device {name} was asked for, but torch {torch.__version__} sees '
                                'no GPU; use --device cpu, or run python -m s2d_plugins.doctor')
        return 'cpu'
    if index and int(index) >= torch.cuda.device_count():
        raise S2DInputError(f'device {name} was asked for, but torch sees '
                            f'{torch.cuda.device_count()} GPUs, counted from 0; choose another')
    return f'cuda:{int(index)}' if index else 'cuda'


@contextlib.contextmanager
def running_on(device: str) -> Iterator[None]:
    """Let all that chooses a device by itself choose this one, mmengine's Runner above all.

    For ``'cpu'`` torch says meanwhile that there is no GPU. For ``'cuda:N'`` that GPU is the
    current one, which ``'cuda'`` means everywhere.

    Args:
        device: What :func:`choose_device` returned.
    """
    import torch
    from mmengine.device import utils
    kind, _, index = device.partition(':')
    with contextlib.ExitStack() as stack:
        stack.enter_context(_replaced(utils, 'DEVICE', kind))
        if kind == 'cpu':
            stack.enter_context(_replaced(torch.cuda, 'is_available', lambda: False))
        elif index:
            stack.enter_context(torch.cuda.device(int(index)))
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def give_back_memory() -> None:
    """Have the C library give back what it keeps for later: it would count as taken."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
