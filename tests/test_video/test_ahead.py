"""A thread that reads ahead: as far as allowed, in order, and not longer than it is wanted."""

import gc
import subprocess
import sys
import threading

import pytest

from s2d_plugins.video.ahead import ReadAhead


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == 's2d-read-ahead']


def test_order_and_depth():
    made, five = [], threading.Event()

    def source():
        for number in range(9):
            made.append(number)
            if number == 4:
                five.set()
            yield number

    items = ReadAhead(source(), 3)
    assert next(items) == 0 and five.wait(5)  # one taken, three wait, one in hand
    assert len(made) == 5
    assert list(items) == list(range(1, 9)) and list(items) == []


def test_an_error_comes_at_its_place():
    def source():
        yield 1
        raise KeyError('here')

    items = ReadAhead(source(), 3)
    assert next(items) == 1
    with pytest.raises(KeyError, match='here'):
        next(items)


def test_the_thread_ends_when_nobody_reads():
    closed = threading.Event()

    def source():
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = ReadAhead(source(), 2)
    assert next(items) == 1
    ours = threads()
    del items
    gc.collect()
    assert closed.wait(5)
    for thread in ours:
        thread.join(5)
        assert not thread.is_alive()


def test_no_thread_is_at_work_when_python_ends():
    """The thread is in the middle of an item that takes half a second; it is waited for."""
    program = (
        'import time, atexit, sys\n'
        'def slow():\n'
        '    yield 1\n'
        '    time.sleep(0.5)\n'
        '    print("made")\n'
        '    yield 2\n'
        'from s2d_plugins.video.ahead import ReadAhead\n'
        'reader = ReadAhead(slow(), 2)\n'
        'print(next(reader))\n')
    found = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True,
                           timeout=120)
    assert (found.returncode, found.stdout) == (0, '1\nmade\n')
