"""Forked processes that watch each other, and what is seen when one is gone."""

import json
import multiprocessing
import os
import signal
import time

import pytest
import torch

from s2d_plugins.distributed.process_watch import ProcessWatch
from s2d_plugins.errors import S2DInputError, S2DUnexpectedError

fork = multiprocessing.get_context('fork')


def join(folder, rank, count, work, timeout):
    torch.set_num_threads(1)
    torch.distributed.init_process_group('gloo', init_method=f'file://{folder}/meeting', rank=rank,
                                         world_size=count)
    note = folder / f'{rank}.json'
    try:
        with ProcessWatch(interval=0.05, timeout=timeout) as watch:
            found = work(watch, folder)
        note.write_text(json.dumps(found))
    except (S2DInputError, S2DUnexpectedError) as error:
        note.write_text(json.dumps(str(error)))


def run(folder, count, work, timeout=60, disturb=None):
    """Run work in processes; returns what each returned or told, and the seconds since ``disturb``.
    """
    processes = [fork.Process(target=join, args=(folder, rank, count, work, timeout))
                 for rank in range(count)]
    for process in processes:
        process.start()
    try:
        if disturb is not None:
            deadline = time.time() + 30
            while not (folder / 'ready').exists() and time.time() < deadline:
                time.sleep(0.02)
            disturb(processes)
        start = time.time()
        for process in processes[:-1] if disturb else processes:
            process.join(30)
            assert not process.is_alive()
        seconds = time.time() - start
    finally:
        for process in processes:
            process.kill()
            process.join()
    notes = [folder / f'{rank}.json' for rank in range(count)]
    return [json.loads(note.read_text()) if note.exists() else None for note in notes], seconds


def test_alone():
    seen = []
    with ProcessWatch() as watch:
        watch.on_progress = seen.append
        watch.advance(2)
        watch.advance(3)
        assert watch.from_first(7) == 7 and watch.gather('a') == ['a']
    assert seen == [2, 5]


def exchange(watch, folder):
    seen = []
    watch.on_progress = seen.append
    given = watch.from_first('plan' if watch.rank == 0 else None)
    time.sleep(0.3 * watch.rank)  # the others wait
    for _ in range(watch.rank + 1):
        watch.advance(10)
    gathered = watch.gather(watch.rank)
    time.sleep(0.2)
    return [given, gathered, seen[-1:]]


def test_progress_and_values_of_all(tmp_path):
    found, _ = run(tmp_path, 3, exchange)
    assert found == [['plan', [0, 1, 2], [60]], *[['plan', [0, 1, 2], []]] * 2]


def end_with_an_error(watch, folder):
    if watch.rank == 1:
        raise S2DInputError('the disk is full')
    watch.gather(None)


def test_an_error_of_one_ends_the_others(tmp_path):
    found, seconds = run(tmp_path, 3, end_with_an_error)
    assert found[1] == 'the disk is full' and seconds < 20
    assert all(found[rank].startswith('process 1 of 3 has ended with an error; what it says')
               for rank in (0, 2))


def work_for_long(watch, folder):
    watch.from_first(None)
    if watch.rank == watch.count - 1:
        (folder / 'ready').touch()
        time.sleep(60)
    if watch.rank == 0:
        watch.gather(None)
    while True:  # at its work still
        time.sleep(0.02)
        watch.advance()


@pytest.mark.parametrize(('sign', 'timeout', 'limit'), [(signal.SIGKILL, 60, 10),
                                                        (signal.SIGSTOP, 2, 15)])
def test_one_that_dies_or_hangs_ends_the_others(tmp_path, sign, timeout, limit):
    found, seconds = run(tmp_path, 3, work_for_long, timeout,
                         lambda processes: os.kill(processes[-1].pid, sign))
    assert seconds < limit and found[2] is None
    assert all(text.startswith('another process of this run has died; ') for text in found[:2])
