"""Processes of their own: they start in a process that used OpenCV, and never outlive it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from s2d_plugins.evaluation.parallel import parallel_map

ROOT = Path(__file__).parents[2]
PROGRAM = '''
import os, sys, time
import cv2, numpy as np
from s2d_plugins.evaluation.parallel import parallel_map

def use_opencv():
    image = np.random.default_rng(0).random((800, 800), np.float32)
    return cv2.dilate(cv2.GaussianBlur(image, (9, 9), 2), np.ones((5, 5)))

def work(seconds):
    use_opencv()
    print('started', flush=True)
    time.sleep(seconds)
    return 0

if __name__ == '__main__':
    cv2.setNumThreads(4)
    use_opencv()
    try:
        print('results', list(parallel_map(work, [float(sys.argv[1])] * 4, 2)), flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
'''


@pytest.fixture
def start(tmp_path):
    """A function that starts the program above, in which each of 4 items takes some seconds."""
    (tmp_path / 'program.py').write_text(PROGRAM)
    started = []

    def run(seconds):
        program = subprocess.Popen(
            [sys.executable, tmp_path / 'program.py', str(seconds)], text=True,
            start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'})
        started.append(program)
        return program
    yield run
    for program in started:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.communicate()


def wait_until_working(program):
    """Return the processes of a program once one of them works."""
    assert program.stdout.readline() == 'started\n'
    return psutil.Process(program.pid).children(recursive=True)


def are_gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=15)
    return not [process for process in alive if process.is_running()
                and process.status() != psutil.STATUS_ZOMBIE]


def test_results_in_order():
    assert list(parallel_map(abs, [-3, 2, -1], 1)) == [3, 2, 1]
    assert list(parallel_map(abs, [-3, 2, -1], 2)) == [3, 2, 1]
    assert list(parallel_map(abs, [], 4)) == []


def test_functions_without_a_name_and_their_errors():
    assert list(parallel_map(lambda item: item + 1, [1, 2], 2)) == [2, 3]
    with pytest.raises(ZeroDivisionError):
        list(parallel_map(lambda item: 1 / item, [1, 0], 2))
    assert not [child for child in psutil.Process().children()
                if 'resource_tracker' not in ' '.join(child.cmdline())]


def test_it_does_not_hang_after_opencv_was_used(start):
    out, err = start(0).communicate(timeout=60)
    assert 'results [0, 0, 0, 0]' in out and not err


def test_processes_end_with_their_parent(start):
    program = start(60)
    processes = wait_until_working(program)
    program.kill()
    assert are_gone(processes)


def test_an_interrupt_ends_all_of_them(start):
    program = start(60)
    processes = wait_until_working(program)
    os.killpg(program.pid, signal.SIGINT)
    _, err = program.communicate(timeout=30)
    assert program.returncode == 130 and 'Traceback' not in err
    assert are_gone(processes)


def test_an_interrupt_while_they_start(start):
    program = start(60)
    deadline = time.monotonic() + 30
    while not psutil.Process(program.pid).children() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    os.killpg(program.pid, signal.SIGINT)
    _, err = program.communicate(timeout=30)
    assert program.returncode == 130 and 'Traceback' not in err
