"""How many frames a model may see at once, from the memory that is there."""

import contextlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import torch

from ..devices import give_back_memory
from ..errors import S2DInputError

#: So many frames are seen at once without asking for memory.
ALWAYS_FIT = 16
#: Longest window where not all of a video fits; longer ones link no better.
LONGEST = 120
_SHORTEST = 2
#: Of the free memory: what the model takes is known from two short clips only.
_SHARE = 0.6
_PROBES = (2, 6)
_CGROUP = Path('/sys/fs/cgroup')
_MEGABYTE = 2**20
_OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory|bad_alloc",
                            re.IGNORECASE)


@dataclass(frozen=True)
class ClipCost:
    """Memory that a model takes for a clip: ``fixed + frames * per_frame`` bytes."""

    fixed: float
    per_frame: float

    def most_frames(self, free: float) -> int:
        """Return how many frames fit into so many bytes, leaving room for what is not known."""
        return max(0, int((free * _SHARE - self.fixed) // self.per_frame))


def measure_cost(forward: Callable[[int], object], device: torch.device,
                 frame_bytes: int) -> ClipCost:
    """Measure what a model takes, on two short clips.

    Args:
        forward: Runs the model on so many frames.
        device: Where.
        frame_bytes: Least memory of a frame, such as that of the model's input.
    """
    short, long = (_peak_bytes(partial(forward, count), device) for count in _PROBES)
    per_frame = max((long - short) / (_PROBES[1] - _PROBES[0]), frame_bytes)
    return ClipCost(max(0.0, long - _PROBES[1] * per_frame), per_frame)


def choose_window(num_frames: int, cost: ClipCost, free: float) -> int | None:
    """Return the window for a video: None for all of it, if it fits, as published.

    Raises:
        S2DInputError: If not even the shortest window fits.
    """
    fits = cost.most_frames(free)
    if fits >= num_frames:
        return None
    if fits < _SHORTEST:
        raise S2DInputError(
            f'the model needs about {(cost.fixed + _SHORTEST * cost.per_frame) / _MEGABYTE:,.0f} '
            f'MB for a window of {_SHORTEST} frames, and {free / _MEGABYTE:,.0f} MB are free; '
            'lower the scale, or free memory')
    return min(fits, LONGEST)


def check_fits(window: int, cost: ClipCost, free: float) -> None:
    """Check that a window that the user asks for fits where a lack of memory kills the process.

    Raises:
        S2DInputError: Names the window to try.
    """
    needed = cost.fixed + window * cost.per_frame
    if needed > free:
        raise S2DInputError(
            f'a window of {window} frames needs about {needed / _MEGABYTE:,.0f} MB, and '
            f'{free / _MEGABYTE:,.0f} MB are free; try --window '
            f'{max(_SHORTEST, min(cost.most_frames(free), window // 2))}, or auto')


def overlap_of(window: int) -> int:
    """Return the overlap of windows that were chosen."""
    return max(1, window // 6)


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error of torch or Python means that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(_OUT_OF_MEMORY.search(str(error)))


def out_of_memory(window: int) -> S2DInputError:
    """Return the one line for a window that was too long."""
    advice = (f'try --window {max(_SHORTEST, window // 2)}, or a smaller scale'
              if window > _SHORTEST else 'lower the scale, or free memory')
    return S2DInputError(f'memory ran out on a window of {window} frames; {advice}')


def free_bytes(device: torch.device) -> float:
    """Return the memory that can still be taken: of a GPU, or of the host or its container."""
    if device.type == 'cuda':
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(free + kept)
    give_back_memory()
    return float(min(psutil.virtual_memory().available, _container_bytes()))


def _container_bytes(root: Path = _CGROUP) -> float:
    """Free memory of the container that the process runs in; infinite without a limit."""
    for limit, used, statistic in (
            ('memory.max', 'memory.current', 'memory.stat'),
            ('memory/memory.limit_in_bytes', 'memory/memory.usage_in_bytes',
             'memory/memory.stat')):
        with contextlib.suppress(OSError, ValueError):
            most, taken = int((root / limit).read_text()), int((root / used).read_text())
            found = re.search(r'^(?:total_)?inactive_file (\d+)$',
                              (root / statistic).read_text(), re.MULTILINE)
            return most - taken + (int(found[1]) if found else 0)  # cached files can go
    return float('inf')


def _peak_bytes(work: Callable[[], object], device: torch.device) -> int:
    """Return the most memory that some work takes above what was taken before it."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    give_back_memory()
    process, done, peak = psutil.Process(), threading.Event(), 0
    before = process.memory_info().rss

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return max(0, peak - before)
