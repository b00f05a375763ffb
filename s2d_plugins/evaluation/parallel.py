"""Work on videos in several processes."""

import contextlib
import functools
import multiprocessing.resource_tracker
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.backend import resource_tracker

_POLL_SECONDS = 0.5


def parallel_map(work: Callable, items: list, jobs: int | None) -> Iterator[Any]:
    """Apply ``work`` to every item in processes of their own, results in order.

    The processes are started anew, not forked: a fork has OpenCV's locks but not its threads and
    can wait for them for ever. They end when all is done, at an error or Ctrl-C, and when this
    process dies.

    Args:
        work: Function of one item; it is sent to the processes.
        items: Likewise sent.
        jobs: Processes; all usable cores if None, none besides this one if 1.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    jobs = min(jobs or usable, len(items))
    if jobs <= 1:
        yield from map(work, items)
        return
    pool = Parallel(jobs, backend='loky', return_as='generator', batch_size=1, max_nbytes=None)
    try:
        with _interrupts_held_back():  # the processes inherit it: Ctrl-C is for this one alone
            results = pool(delayed(_in_worker)(work, item, os.getpid()) for item in items)
        yield from results
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    if not hasattr(signal, 'pthread_sigmask'):
        yield
        return
    for tracker in (multiprocessing.resource_tracker, resource_tracker):
        tracker.ensure_running()  # else it starts with the others, and lets interrupts in
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_worker(work: Callable, item: Any, parent: int) -> Any:
    _end_with(parent)
    return work(item)


@functools.cache
def _end_with(parent: int) -> None:
    """Let this process end when its parent dies, also in the middle of an item."""
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
