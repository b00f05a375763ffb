"""How long something took and how much memory it had at most."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

MEGABYTE = 2**20


@dataclass
class Usage:
    """What a stretch of work used; complete when it has ended.

    Attributes:
        seconds: Wall time.
        peak_memory_mb: Largest resident memory of the process and its children. Pages that they
            share count for each, so it is an upper bound.
    """

    seconds: float = 0.0
    peak_memory_mb: float = 0.0


def resident_memory_mb() -> float:
    """Return the resident memory of this process and its children, in MB."""
    total = 0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_info().rss
    return total / MEGABYTE


@contextlib.contextmanager
def measure_usage(interval: float = 0.25) -> Iterator[Usage]:
    """Measure the body of a ``with``; memory is sampled by a thread every ``interval`` seconds."""
    usage = Usage(peak_memory_mb=resident_memory_mb())
    done = threading.Event()

    def sample() -> None:
        while not done.wait(interval):
            usage.peak_memory_mb = max(usage.peak_memory_mb, resident_memory_mb())

    thread = threading.Thread(target=sample, daemon=True)
    start = time.monotonic()
    thread.start()
    try:
        yield usage
    finally:
        done.set()
        thread.join()
        usage.peak_memory_mb = round(max(usage.peak_memory_mb, resident_memory_mb()), 1)
        usage.seconds = round(time.monotonic() - start, 2)
