"""Sharing videos among processes, on one machine or many that see the same folder.

There is no plan of who does what: each process takes the next video that nobody holds, by locking
a file of it. The system frees the lock of a process that dies, so its video is taken by another.
Results and failures are files, so every process knows when all is done.
"""

import contextlib
import fcntl
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mmengine.dist import broadcast_object_list, get_rank
from mmengine.logging import MMLogger, print_log

from ..errors import S2DInputError
from ..fileio.json_files import read_json
from ..fileio.whole_files import write_json
from .video_jobs import VideoJob

FAILURES = '.failures'
CLAIMS = '.claims'
_POLL_SECONDS = 0.5


def share_jobs(jobs: Sequence[VideoJob], out: Path, work: Callable[[VideoJob], object],
               overwrite: bool = False,
               finished: Callable[[VideoJob, bool], None] | None = None) -> dict[str, str]:
    """Do all jobs that have no result yet, together with the other processes of this run.

    Every process calls this with the same jobs; it returns when no job is left anywhere. A job
    that fails is noted and not tried again in this run; the next run tries it again.

    Args:
        jobs: Jobs with different targets.
        out: Folder of the targets; keeps claims and failures in hidden folders.
        work: Writes a job's target, or raises.
        overwrite: Do jobs again that have a result.
        finished: Called once per job when it is found done, with whether this process did it.

    Returns:
        Name of each failed job to its reason, whichever process it failed in.
    """
    run = _begin(jobs, out, overwrite)
    waiting, failures = list(jobs), {}
    while waiting:
        waiting_before = len(waiting)
        for job in list(waiting):
            mine = False
            if not _is_finished(job, out, run):
                with _claim(out / CLAIMS / f'{job.name}.lock') as got_it:
                    if not got_it:
                        continue
                    mine = not _is_finished(job, out, run)
                    if mine:
                        _attempt(job, out, run, work)
            waiting.remove(job)
            if not job.target.exists():
                failures[job.name] = _failure(job, out)['reason']
            if finished is not None:
                finished(job, mine)
        if len(waiting) == waiting_before:
            time.sleep(_POLL_SECONDS)
    return failures


def _begin(jobs: Sequence[VideoJob], out: Path, overwrite: bool) -> str:
    """Agree on a name for this run; the first process removes what is to be done again."""
    run = [uuid.uuid4().hex]
    if get_rank() == 0:
        try:
            for folder in (out / CLAIMS, out / FAILURES):
                folder.mkdir(parents=True, exist_ok=True)
            for job in jobs if overwrite else ():
                job.target.unlink(missing_ok=True)
        except OSError as error:
            raise S2DInputError(f'cannot write to {out}: {error.strerror}; choose another output '
                                'folder') from error
    broadcast_object_list(run)
    return run[0]


def _is_finished(job: VideoJob, out: Path, run: str) -> bool:
    return job.target.exists() or _failure(job, out).get('run') == run


def _failure(job: VideoJob, out: Path) -> dict:
    path = out / FAILURES / f'{job.name}.json'
    return read_json(path) if path.exists() else {}


def _attempt(job: VideoJob, out: Path, run: str, work: Callable[[VideoJob], object]) -> None:
    note = out / FAILURES / f'{job.name}.json'
    try:
        work(job)
        note.unlink(missing_ok=True)
    except S2DInputError as error:
        write_json(note, dict(run=run, reason=str(error)))
    except Exception as error:
        print_log(f'{job.name} failed:\n{traceback.format_exc()}', MMLogger.get_current_instance(),
                  level=40)
        write_json(note, dict(run=run, reason=f'{type(error).__name__}: {error}'))


@contextlib.contextmanager
def _claim(path: Path) -> Iterator[bool]:
    """Hold a job; gives False if another process holds it. A dead process holds nothing."""
    with path.open('a') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError as error:
            raise S2DInputError(f'{path.parent} is on a file system without locks '
                                f'({error.strerror}), which sharing videos needs; choose another '
                                'output folder') from error
        # Whoever waits for this very file still looks at the result before it starts.
        yield True
        path.unlink(missing_ok=True)
