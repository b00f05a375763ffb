"""What a checkpoint must be before it is used: of a bearable size, finite, tensors by name."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import S2DInputError

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
#: Parts of a checkpoint beside its weights.
_NO_WEIGHTS = ('meta', 'optimizer', 'param_schedulers', 'message_hub', 'loss_scaler')
#: torch writes tensors uncompressed; a file that was packed again may grow a little.
_MOST_GROWTH, _FREE_GROWTH = 4, 2**26
_MOST_KEYS = 20
#: The keys that lead to a part, the last one first: (place of the outer part, key).
_Place = tuple[Any, Any] | None
_HUB_KEYS = ('log_scalars', 'runtime_info', 'resumed_keys')


def check_claims(path: Path) -> None:
    """Check, before torch reads a file, that it does not unpack to many times its size.

    Raises:
        S2DInputError: If it does.
    """
    with path.open('rb') as file:
        if file.read(4) != b'PK\x03\x04':
            return
        with zipfile.ZipFile(file) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
    size = path.stat().st_size
    if claimed > _MOST_GROWTH * size + _FREE_GROWTH:
        raise _too_large(path, claimed, size)


def check_content(content: Any, where: str | Path) -> None:
    """Check that no tensor claims more than is stored, and that no weight is NaN or infinite.

    A sum finds both: all weights are read once, and only those of a sum that is not finite again.

    Args:
        content: What a file held.
        where: The file, for the message.

    Raises:
        S2DInputError: Names the first bad tensor.
    """
    for place, tensor, is_weight in _tensors(content):
        if tensor.layout != torch.strided:
            continue
        claimed, stored = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
        if claimed > stored + _FREE_GROWTH:
            raise _too_large(where, claimed, stored, f' in {_name(place)}')
        if not is_weight or tensor.dtype not in _FLOATS:
            continue
        if bool(tensor.sum(dtype=torch.float32).isfinite()):
            continue
        bad = int((~tensor.isfinite()).sum())
        if bad:
            raise S2DInputError(f'{where}: {bad} of {tensor.numel()} values of the weight '
                                f'{_name(place)} are NaN or infinite; the training that wrote it '
                                'came to grief: give a checkpoint from before')


def _tensors(content: Any) -> Iterator[tuple[_Place, Tensor, bool]]:
    """Yield every tensor with its place, and whether it is a weight; nothing is met twice."""
    open_parts: list[tuple[_Place, Any, bool]] = [(None, content, True)]
    seen = set()
    while open_parts:
        place, part, is_weight = open_parts.pop()
        if torch.is_tensor(part):
            yield place, part, is_weight
        elif isinstance(part, dict | list | tuple) and id(part) not in seen:
            seen.add(id(part))
            items = list(part.items() if isinstance(part, dict) else enumerate(part))
            open_parts += [((place, key), value,
                            is_weight and (place is not None or key not in _NO_WEIGHTS))
                           for key, value in reversed(items)]


def _name(place: _Place) -> str:
    keys = []
    while place is not None and len(keys) < _MOST_KEYS:
        place, key = place
        keys.append(str(key))
    return '.'.join(reversed(keys)) if place is None else f'...{".".join(reversed(keys))}'


def _too_large(where: str | Path, claimed: int, stored: int, place: str = '') -> S2DInputError:
    return S2DInputError(f'{where} is no honest checkpoint: it claims {claimed / 2**20:.0f} MB and '
                         f'holds {stored / 2**20:.0f} MB{place}; get it from somewhere else')


def weights_of(content: Any, where: str | Path,
               wrappers: tuple[str, ...] = ('state_dict',)) -> dict[str, Tensor]:
    """Return the weights of a checkpoint.

    Args:
        content: What a file held.
        where: The file, for the message.
        wrappers: Names under which they may be; else they stand by themselves.

    Raises:
        S2DInputError: If these are no tensors by name, or none at all.
    """
    weights = content
    if isinstance(content, dict):
        weights = next((content[name] for name in wrappers if name in content), content)
    problem = None
    if not isinstance(weights, dict):
        problem = f'a {type(weights).__name__}'
    elif not weights:
        problem = 'nothing'
    else:
        problem = next((f'{name!r} of type {type(value).__name__}'
                        for name, value in weights.items()
                        if not (isinstance(name, str) and torch.is_tensor(value))), None)
    if problem:
        raise S2DInputError(f'{where} holds no weights; expected a state_dict (tensors by name), '
                            f'by itself or under {" or ".join(wrappers)}, found {problem[:80]}')
    return weights


def check_resumable(content: Any, where: str | Path) -> None:
    """Check that a training can go on from a checkpoint, not only start from its weights.

    Raises:
        S2DInputError: If it does not say how far the training was.
    """
    parts = content if isinstance(content, dict) else {}
    meta, hub = parts.get('meta'), parts.get('message_hub')
    counts = [meta.get(name) if isinstance(meta, dict) else None for name in ('iter', 'epoch')]
    if not all(isinstance(count, int) and not isinstance(count, bool) and count >= 0
               for count in counts):
        raise S2DInputError(f'{where} does not say how far its training was (meta.iter and '
                            'meta.epoch), so no training can go on from it; to start from its '
                            'weights leave --resume out and set load_from')
    if not isinstance(hub, dict) or any(not isinstance(hub.get(key), dict) for key in _HUB_KEYS):
        raise S2DInputError(f'{where} has no message_hub with {", ".join(_HUB_KEYS)}, so no '
                            'training can go on from it; to start from its weights leave '
                            '--resume out and set load_from')
