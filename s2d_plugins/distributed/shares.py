"""Who does what, agreed on without a word: every process works it out from the same list."""

from collections.abc import Sequence


def fair_shares(costs: Sequence[float], count: int) -> list[list[int]]:
    """Split tasks among processes so that all take about as long.

    The most expensive task first, each goes to the process with the least to do.

    Args:
        costs: Of each task, such as the frames of a video.
        count: Number of processes.

    Returns:
        Per process the indices of its tasks, in ascending order.
    """
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for index in sorted(range(len(costs)), key=lambda index: -costs[index]):
        process = loads.index(min(loads))
        shares[process].append(index)
        loads[process] += costs[index]
    return [sorted(share) for share in shares]
