"""Work on videos in several processes."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context


def parallel_map(work: Callable, items: list, jobs: int | None) -> Iterator:
    """Apply ``work`` to every item in processes of their own, results in order.

    Args:
        work: Picklable function of one item.
        items: Picklable items.
        jobs: Processes; all usable cores if None, none besides this one if 1.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    jobs = min(jobs or usable, len(items))
    if jobs <= 1:
        yield from map(work, items)
        return
    method = 'fork' if 'fork' in get_all_start_methods() else 'spawn'
    with ProcessPoolExecutor(jobs, mp_context=get_context(method)) as pool:
        yield from pool.map(work, items)
