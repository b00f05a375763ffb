"""Sharing videos among processes, on one machine or many that see the same folder.

There is no plan of who does what: each process takes the next video that nobody holds, by locking
a file of it. The system frees the lock of a process that dies, so its video is taken by another.
Results and failures are files, so every process knows when all is done.
"""

import contextlib
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from filelock import FileLock, Timeout
from mmengine.dist import broadcast_object_list, get_rank

from ..errors import S2DInputError, S2DOutputError, one_line, unexpected, was_interrupted
from ..fileio.json_files import read_json
from ..fileio.whole_files import clean_partials, write_json

FAILURES = '.failures'
CLAIMS = '.claims'
_POLL_SECONDS = 0.5


class Job(Protocol):
    """One video's work: its name and the file that it becomes."""

    @property
    def name(self) -> str:
        """What the video is called; a file name."""

    @property
    def target(self) -> Path:
        """The file that is there once the job is done."""


AnyJob = TypeVar('AnyJob', bound=Job)


def share_jobs(jobs: Sequence[AnyJob], out: Path, work: Callable[[AnyJob], object],
               again: Iterable[AnyJob] = (),
               finished: Callable[[AnyJob, bool], None] | None = None) -> dict[str, str]:
    """Do all jobs that have no result yet, together with the other processes of this run.

    Every process calls this with the same jobs; it returns when no job is left anywhere. A job
    that fails is noted, an unforeseen error with its traceback, and not tried again in this run;
    the next run tries it again.

    Args:
        jobs: Jobs with different targets.
        out: Folder of the targets; keeps claims and failures in hidden folders.
        work: Writes a job's target, or raises.
        again: Jobs to do though they have a result, which stays until the new one replaces it.
            What the first process says counts.
        finished: Called once per job when it is found done, with whether this process did it.

    Returns:
        Name of each failed job to its reason, whichever process it failed in.
    """
    run, old = _begin(out, again)

    def is_finished(job: AnyJob) -> bool:
        return _is_new(job, old) or _failure(job, out).get('run') == run

    waiting, failures = list(jobs), {}
    while waiting:
        waiting_before = len(waiting)
        for job in list(waiting):
            mine = False
            if not is_finished(job):
                with _claim(out / CLAIMS / f'{job.name}.lock') as got_it:
                    if not got_it:
                        continue
                    mine = not is_finished(job)
                    if mine:
                        _attempt(job, out, run, work)
            waiting.remove(job)
            if not _is_new(job, old):
                failures[job.name] = _failure(job, out)['reason']
            if finished is not None:
                finished(job, mine)
        if len(waiting) == waiting_before:
            time.sleep(_POLL_SECONDS)
    return failures


def _begin(out: Path, again: Iterable[Job]) -> tuple[str, dict[str, tuple]]:
    """Agree on a name for this run, and on which files are old results to be made again."""
    agreed = [None]
    if get_rank() == 0:
        try:
            for folder in (out / CLAIMS, out / FAILURES):
                folder.mkdir(parents=True, exist_ok=True)
                clean_partials(folder)
            for path in (out / CLAIMS).glob('*.lock'):  # of a process that was killed
                with _claim(path):
                    pass
        except OSError as error:
            raise S2DInputError(f'cannot write to {out}: {error.strerror}; choose another output '
                                'folder') from error
        old = {job.name: _identity(job.target) for job in again}
        agreed = [(uuid.uuid4().hex, old)]
    broadcast_object_list(agreed)
    return agreed[0]


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Return what tells a file from another one of the same name; None if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _is_new(job: Job, old: dict[str, tuple]) -> bool:
    """Say whether a job has a result that is not one to be made again."""
    return _identity(job.target) not in (None, old.get(job.name))


def _failure(job: Job, out: Path) -> dict:
    path = out / FAILURES / f'{job.name}.json'
    return read_json(path) if path.exists() else {}


def _attempt(job: AnyJob, out: Path, run: str, work: Callable[[AnyJob], object]) -> None:
    note = out / FAILURES / f'{job.name}.json'
    try:
        work(job)
        note.unlink(missing_ok=True)
    except S2DOutputError:
        raise
    except S2DInputError as error:
        write_json(note, dict(run=run, reason=one_line(error)))
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        write_json(note, dict(
            run=run, reason=f'{unexpected(error)}; the traceback is in {note}',
            traceback=''.join(traceback.format_exception(error)).splitlines()))


@contextlib.contextmanager
def _claim(path: Path) -> Iterator[bool]:
    """Hold a job; gives False if another process holds it. A dead process holds nothing."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError) as error:
        raise S2DInputError(f'{path.parent} is on a file system without locks '
                            f'({getattr(error, "strerror", None) or error}), which sharing videos '
                            'needs; choose another output folder') from error
    try:
        # Whoever waits for this very file still looks at the result before it starts.
        yield True
        path.unlink(missing_ok=True)
    finally:
        lock.release()
