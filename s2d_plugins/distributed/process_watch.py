"""Processes that tell each other how far they are, and notice when one is gone."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
from mmengine.dist import all_gather_object, broadcast_object_list, get_rank, get_world_size
from torch import distributed

from ..errors import S2DUnexpectedError

_FAILED = -1
_END = 2**40


class ProcessWatch:
    """Watches the processes of a run while each does its share; for one alone it does nothing.

    A thread exchanges a few numbers with the other processes all the time. A process that dies
    closes its connections, which the others see at once; one that hangs, or whose machine is
    gone, counts as dead after ``timeout``. Waiting for a slow one that is alive has no limit.

    All processes enter it and call :meth:`from_first` and :meth:`gather` in the same order.

    Args:
        interval: Seconds between two exchanges.
        timeout: Seconds without a sign of life that count as death.

    Attributes:
        on_progress: Called with the steps done by all processes so far, in the first one.
    """

    def __init__(self, interval: float = 0.5, timeout: float = 120):
        self.on_progress: Callable[[int], None] | None = None
        self.rank, self.count = get_rank(), get_world_size()
        self._interval, self._timeout = interval, timeout
        self._done = self._phase = 0
        self._phases = [0] * self.count
        self._lost: str | None = None
        self._news = threading.Condition()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> 'ProcessWatch':
        if self.count > 1:
            # of its own, so that the exchanges of the thread and of its owner do not mix
            group = distributed.new_group(backend='gloo',
                                          timeout=timedelta(seconds=self._timeout))
            self._thread = threading.Thread(target=self._exchange, args=(group,), daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._enter_phase(_END if kind is None else _FAILED)
        if self._thread is not None:
            self._thread.join(self._timeout if kind is None else 10 * self._interval)

    def advance(self, steps: int = 1) -> None:
        """Count steps of this process as done; see :meth:`check`."""
        self._done += steps
        if self._thread is None:
            self._show(self._done)
        self.check()

    def check(self) -> None:
        """Look whether all processes are there.

        Raises:
            S2DUnexpectedError: If one has died or ended with an error.
        """
        if self._lost is not None:
            raise S2DUnexpectedError(f'{self._lost}; what it says itself tells why, and the same '
                                     'command goes on after what is finished')

    def from_first(self, value: Any) -> Any:
        """Return what the first process gives here, once all have come to this point.

        Raises:
            S2DUnexpectedError: As :meth:`check`.
        """
        return self._together(_broadcast, value)

    def gather(self, value: Any) -> list:
        """Return what each process gives here, once all have come to this point.

        Raises:
            S2DUnexpectedError: As :meth:`check`.
        """
        return self._together(all_gather_object, value)

    def _together(self, exchange: Callable[[Any], Any], value: Any) -> Any:
        """Exchange values when every process is ready to, so that none waits for long in torch."""
        phase = self._phase + 1
        self._enter_phase(phase)
        if self._thread is not None:
            with self._news:
                self._news.wait_for(lambda: self._lost or min(self._phases) >= phase)
            self.check()
        try:
            return exchange(value)
        except RuntimeError as error:
            raise S2DUnexpectedError('another process of this run has died; the same command '
                                     'goes on after what is finished') from error

    def _enter_phase(self, phase: int) -> None:
        self._phase = phase
        self._changed.set()

    def _show(self, done: int) -> None:
        if self.on_progress is not None and self.rank == 0:
            self.on_progress(done)

    def _exchange(self, group: distributed.ProcessGroup) -> None:
        try:
            while not self._exchange_once(group):
                self._changed.wait(self._interval)
                self._changed.clear()
        except Exception:  # whatever it is, nothing can be known of the others any more
            with self._news:
                self._lost = 'another process of this run has died'
                self._news.notify_all()

    def _exchange_once(self, group: distributed.ProcessGroup) -> bool:
        """Tell and hear how far all are; returns whether that was the last time."""
        found = [torch.zeros(2, dtype=torch.long) for _ in range(self.count)]
        distributed.all_gather(found, torch.tensor([self._done, self._phase]), group)
        done, phases = zip(*(pair.tolist() for pair in found), strict=True)
        self._show(sum(done))
        with self._news:
            self._phases = list(phases)
            failed = [rank for rank, phase in enumerate(phases) if phase == _FAILED]
            if failed:
                self._lost = f'process {failed[0]} of {self.count} has ended with an error'
            self._news.notify_all()
        return bool(failed) or min(phases) == _END


def _broadcast(value: Any) -> Any:
    values = [value]
    broadcast_object_list(values)
    return values[0]
