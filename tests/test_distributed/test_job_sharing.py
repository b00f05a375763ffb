"""Processes that share jobs: forked ones, so that starting them costs nothing."""

import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from unittest import mock

import pytest

from s2d_plugins.distributed import job_sharing
from s2d_plugins.distributed.job_sharing import share_jobs
from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.fileio.whole_files import partial_path, write_json
from s2d_plugins.keymasks.video_jobs import VideoJob

fork = multiprocessing.get_context('fork')


@pytest.fixture
def jobs(tmp_path):
    return [VideoJob(name, tmp_path, tmp_path, tmp_path / 'out' / f'{name}.json')
            for name in 'abcde']


def noting(out, seconds):
    """Work that notes who did what before it takes its time and writes the result."""
    def work(job):
        with (out.parent / 'notes').open('a') as file:
            file.write(f'{job.name} {os.getpid()}\n')
        time.sleep(seconds)
        write_json(job.target, {})
    return work


def notes(jobs):
    path = jobs[0].target.parent.parent / 'notes'
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def start(jobs, seconds):
    out = jobs[0].target.parent
    process = fork.Process(target=share_jobs, args=(jobs, out, noting(out, seconds)))
    process.start()
    return process


def wait_for(condition, seconds=30):
    deadline = time.time() + seconds
    while not condition() and time.time() < deadline:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize(('processes', 'count'), [(3, 5), (4, 2)])
def test_each_job_is_done_once(jobs, processes, count):
    jobs = jobs[:count]
    running = [start(jobs, 0.2) for _ in range(processes)]
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * processes
    assert Counter(name for name, _ in notes(jobs)) == {job.name: 1 for job in jobs}
    assert len({worker for _, worker in notes(jobs)}) > 1
    assert all(job.target.exists() for job in jobs)


def test_the_job_of_a_dead_process_is_taken_over(jobs):
    killed = start(jobs, 60)
    wait_for(lambda: notes(jobs))
    other = start(jobs, 0)
    wait_for(lambda: sum(job.target.exists() for job in jobs) == 4)
    assert not jobs[0].target.exists() and other.is_alive()
    os.kill(killed.pid, signal.SIGKILL)
    other.join(30)
    assert other.exitcode == 0 and jobs[0].target.exists()
    assert Counter(name for name, _ in notes(jobs))['a'] == 2


def test_failures_are_reported_and_retried(jobs):
    out = jobs[0].target.parent

    def failing(job):
        if job.name == 'b':
            raise S2DInputError('no frames')
        if job.name == 'd':
            raise RuntimeError('out of memory')
        write_json(job.target, {})

    finished = []
    failures = share_jobs(jobs, out, failing,
                          finished=lambda job, mine: finished.append((job.name, mine)))
    note = out / '.failures' / 'd.json'
    assert failures == {'b': 'no frames', 'd': 'unexpected RuntimeError: out of memory; the '
                        f'traceback is in {note}'}
    assert json.loads(note.read_text())['traceback'][-1] == 'RuntimeError: out of memory'
    assert finished == [(name, True) for name in 'abcde']
    finished.clear()
    assert share_jobs(jobs, out, noting(out, 0),
                      finished=lambda job, mine: finished.append((job.name, mine))) == {}
    assert [name for name, mine in finished if mine] == ['b', 'd']


def test_jobs_are_done_again_where_asked(jobs):
    out = jobs[0].target.parent
    share_jobs(jobs, out, noting(out, 0))
    share_jobs(jobs, out, noting(out, 0))
    assert len(notes(jobs)) == 5
    share_jobs(jobs, out, noting(out, 0), again=jobs)
    assert len(notes(jobs)) == 10
    share_jobs(jobs, out, noting(out, 0), again=jobs[1:2])
    assert [name for name, _ in notes(jobs)[10:]] == ['b']


def test_an_old_result_stays_until_its_new_one_is_there(jobs):
    out = jobs[0].target.parent
    for job in jobs:
        write_json(job.target, dict(old=True))

    def work(job):
        assert json.loads(job.target.read_text()) == dict(old=True)
        if job.name == 'c':
            raise S2DInputError('no frames')
        write_json(job.target, {})

    assert share_jobs(jobs, out, work, again=jobs) == dict(c='no frames')
    assert [json.loads(job.target.read_text()) for job in jobs] == [
        {}, {}, dict(old=True), {}, {}]


def test_processes_agree_on_what_is_old(jobs):
    """Each job is done again once, though the second process starts when some are new."""
    out = jobs[0].target.parent
    for job in jobs:
        write_json(job.target, {})
    old = {job.name: job_sharing._identity(job.target) for job in jobs}
    write_json(jobs[0].target, {})  # the first process has been here
    with mock.patch.object(job_sharing, '_begin', lambda out, again: ('run', old)):
        (out / '.claims').mkdir()
        share_jobs(jobs, out, noting(out, 0), again=jobs)
    assert [name for name, _ in notes(jobs)] == list('bcde')


def test_what_a_killed_run_has_left_is_cleared(jobs):
    out = jobs[0].target.parent
    killed = start(jobs, 60)
    wait_for(lambda: notes(jobs))
    os.kill(killed.pid, signal.SIGKILL)
    killed.join(30)
    assert len(list((out / '.claims').iterdir())) == 1
    left = partial_path(out / '.failures' / 'a.json')
    left.with_name(left.name.replace(f'-{os.getpid()}-', f'-{killed.pid}-')).touch()
    write_json(jobs[0].target, {})  # by hand: nobody claims it again
    share_jobs(jobs, out, noting(out, 0))
    assert not list((out / '.claims').iterdir()) and not list((out / '.failures').iterdir())


def test_a_full_disk_ends_the_run(jobs):
    def full(job):
        raise S2DOutputError('cannot write: No space left on device')

    with pytest.raises(S2DOutputError, match='No space left'):
        share_jobs(jobs, jobs[0].target.parent, full)


def test_a_folder_that_cannot_be_made(jobs, tmp_path):
    (tmp_path / 'out').write_text('')
    with pytest.raises(S2DInputError, match='cannot write to .*out'):
        share_jobs(jobs, tmp_path / 'out', noting(tmp_path / 'out', 0))
