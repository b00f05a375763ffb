"""Ctrl-C that arrives where Python would lose it."""

import _thread
import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

_SECONDS = 0.05


def _is_half_built_loader(unraisable: Any) -> bool:
    """Say whether torch's data loader was interrupted while it was made: it then fails to end."""
    return (issubclass(unraisable.exc_type, AttributeError)
            and '_MultiProcessingDataLoaderIter' in str(unraisable.exc_value))


@contextlib.contextmanager
def no_interrupt_lost() -> Iterator[None]:
    """Raise an interrupt again that came during a destructor or a weak reference's callback.

    Errors there cannot be raised: Python prints them and goes on, and a search for garbage, as
    mmengine's data sets start one, consists of little else.
    """
    before, timers = sys.unraisablehook, []

    def hook(unraisable: Any) -> None:
        if _is_half_built_loader(unraisable):
            return
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            before(unraisable)
            return
        timer = threading.Timer(_SECONDS, _thread.interrupt_main)
        timer.daemon = True
        timers.append(timer)
        timer.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in timers:
            timer.cancel()
