"""Keeps the flows of one video between the forward and the backward pass."""

import tempfile

import numpy as np

_UNITS = 64
_LARGEST = 511


class FlowStore:
    """Flow pairs in 1/64 pixel: in memory up to a limit, beyond it in a temporary file.

    Args:
        memory_limit: Bytes held in memory before further flows go to the file.
    """

    def __init__(self, memory_limit: int):
        self._memory_limit = memory_limit
        self._held = 0
        self._entries: list[np.ndarray | tuple[int, tuple[int, ...]]] = []
        self._file = None

    def append(self, forward: np.ndarray, backward: np.ndarray) -> None:
        """Add the two flows (h, w, 2) of the next pair of frames."""
        pair = np.stack([_encoded(forward), _encoded(backward)])
        if self._held + pair.nbytes <= self._memory_limit:
            self._held += pair.nbytes
            self._entries.append(pair)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix='s2d_flows_')  # noqa: SIM115  see close
        offset = self._file.seek(0, 2)
        self._file.write(pair.tobytes())
        self._entries.append((offset, pair.shape))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return forward and backward flow of a pair as float32 (h, w, 2)."""
        entry = self._entries[index]
        if isinstance(entry, tuple):
            offset, shape = entry
            self._file.seek(offset)
            content = self._file.read(2 * int(np.prod(shape)))
            entry = np.frombuffer(content, np.int16).reshape(shape)
        forward, backward = entry.astype(np.float32) / _UNITS
        return forward, backward

    def close(self) -> None:
        """Forget all flows and delete the file."""
        self._entries.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


def _encoded(flow: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(flow, -_LARGEST, _LARGEST) * _UNITS).astype(np.int16)
