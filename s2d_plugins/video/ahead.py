"""Reading ahead: a thread does the work while the consumer is busy with what came before."""

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar('Item')
#: Threads that may still be at work, and where they put it.
_AT_WORK: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class ReadAhead(Iterator[Item], Generic[Item]):
    """An iterator whose next items are made in a thread, at most ``depth`` of them.

    An error of the source is raised when its place is reached. The thread ends with the source,
    on ``close`` or when nobody holds this object any more.

    Args:
        source: What is read; from then on by the thread alone.
        depth: Most items that wait.
    """

    def __init__(self, source: Iterable[Item], depth: int):
        self._shelf = _Shelf(depth)
        thread = threading.Thread(target=_fill, args=(iter(source), self._shelf), daemon=True,
                                  name='s2d-read-ahead')
        _AT_WORK[thread] = self._shelf
        thread.start()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return self._shelf.take()

    def close(self) -> None:
        """End the thread, once the item that it is at is made."""
        self._shelf.close()

    def __del__(self) -> None:
        self.close()


class _Shelf:
    """Where items wait; known to both threads, so that neither keeps the other alive."""

    def __init__(self, depth: int):
        self._depth = depth
        self._items: deque = deque()
        self._changed = threading.Condition(threading.RLock())
        self._closed = False
        self._end: BaseException | None = None

    def put(self, item: object) -> bool:
        """Wait for room and add an item; False if nobody wants any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._depth)
            if not self._closed:
                self._items.append(item)
                self._changed.notify_all()
            return not self._closed

    def finish(self, error: BaseException) -> None:
        with self._changed:
            self._end = error
            self._changed.notify_all()

    def take(self):
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed or self._end)
            if self._items:
                self._changed.notify_all()
                return self._items.popleft()
            raise StopIteration if self._end is None else self._end

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


def _fill(source: Iterator, shelf: _Shelf) -> None:
    try:
        while True:
            item = next(source)
            if not shelf.put(item):
                break
            del item
    except BaseException as error:
        shelf.finish(error)
    finally:
        if hasattr(source, 'close'):
            source.close()


@atexit.register
def _end_all() -> None:
    """End all threads: one that is inside OpenCV when Python ends would abort the process."""
    at_work = list(_AT_WORK.items())
    for _, shelf in at_work:
        shelf.close()
    for thread, _ in at_work:
        thread.join(timeout=10)
