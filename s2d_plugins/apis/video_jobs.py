"""What the tools do that make one file per video: resume, share, show progress, report."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..distributed.process_watch import ProcessWatch
from ..engines import Engine, LocalEngine, Outcome, Task, Work
from ..errors import S2DInputError, one_line
from ..fileio.remote import RemoteFolder
from ..fileio.stamps import Review
from ..fileio.whole_files import clean_partials, write_json
from ..structures import Progress
from .command_line import EXIT_INPUT_ERROR

FAILURES = '.failures'


class Job(Protocol):
    """One video's work: its name and the file that it becomes."""

    @property
    def name(self) -> str:
        """What the video is called; a file name."""

    @property
    def target(self) -> Path:
        """The file that is there once the job is done."""


AnyJob = TypeVar('AnyJob', bound=Job)
#: Writes a job's target and tells its progress, or raises.
DoJob = Callable[[Any, Progress], object]


class ResultFolder:
    """A folder of results, a file a job, and in ``.failures`` notes on those that failed.

    Args:
        path: The folder; it is made.
    """

    def __init__(self, path: Path):
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def shared(self) -> list[Path]:
        """Folders that every worker must see."""
        return [self.path]

    def begin(self) -> None:
        """Make the folder, and clear what killed runs have left.

        Raises:
            S2DInputError: If it cannot be made.
        """
        try:
            (self.path / FAILURES).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise S2DInputError(f'cannot write to {self.path}: {error.strerror}; choose another '
                                'output folder') from error
        clean_partials(self.path / FAILURES)

    def missing(self, jobs: Sequence[Job]) -> list[bool]:
        """Say of each job whether its result is missing."""
        return [not job.target.exists() for job in jobs]

    def note_failure(self, outcome: Outcome) -> str:
        """Note why a job failed; returns the line to tell."""
        note = self.path / FAILURES / f'{outcome.task.name}.json'
        reason, content = _failure_note(outcome, note)
        write_json(note, content)
        return reason

    def forget_failure(self, name: str) -> None:
        """Remove the note on a job that is done now."""
        (self.path / FAILURES / f'{name}.json').unlink(missing_ok=True)


def _failure_note(outcome: Outcome, note: object) -> tuple[str, dict]:
    reason = outcome.reason or ''
    if not outcome.trace:
        return reason, dict(reason=reason)
    reason += f'; the traceback is in {note}'
    return reason, dict(reason=reason, traceback=list(outcome.trace))


class RemoteResults(ResultFolder):
    """The same in object storage, where no worker need share a folder.

    Args:
        folder: Where.
    """

    def __init__(self, folder: RemoteFolder):
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def shared(self) -> list[Path]:
        """No folder at all."""
        return []

    def begin(self) -> None:
        """Nothing has to be made."""

    def missing(self, jobs: Sequence[Job]) -> list[bool]:
        """See :meth:`ResultFolder.missing`; the folder is listed once."""
        names = self.folder.names()
        return [job.target.name not in names for job in jobs]

    def note_failure(self, outcome: Outcome) -> str:
        """See :meth:`ResultFolder.note_failure`."""
        name = f'{FAILURES}/{outcome.task.name}.json'
        reason, content = _failure_note(outcome, f'{self.folder}/{name}')
        self.folder.write(name, json.dumps(content).encode())
        return reason

    def forget_failure(self, name: str) -> None:
        """See :meth:`ResultFolder.forget_failure`."""
        self.folder.remove(f'{FAILURES}/{name}.json')


def do_video_jobs(jobs: Sequence[AnyJob], out: Path | ResultFolder, make_work: Callable[[], DoJob],
                  review: Callable[[Sequence[AnyJob]], Review], overwrite: bool, kind: str,
                  engine: Engine | None = None) -> int:
    """Make what is missing or out of date, together with the other processes of this run.

    The first process shows progress and says what was made again, what was made, and what failed
    and why.

    Args:
        jobs: Jobs with different targets, the same in every process.
        out: Folder of the targets, here or in object storage.
        make_work: Makes what does a job; for a cluster it can be pickled.
        review: Looks which of the targets that are there still hold.
        overwrite: Make all again.
        kind: What the targets are called, in the plural.
        engine: Does the work; by default this process, and those that were started with it.

    Returns:
        The tool's exit code.
    """
    results = out if isinstance(out, ResultFolder) else ResultFolder(out)
    with ProcessWatch() as watch:
        first = watch.rank == 0
        todo = watch.from_first(_to_do(jobs, results, review, overwrite) if first else None)
        with VideoBar(len(todo), show=first) as bar:
            # of several processes the watch says what is done everywhere
            watch.on_progress = bar.show_finished if watch.count > 1 else None
            failures = run_jobs([jobs[index] for index in todo], results, make_work, watch,
                                bar.leave if watch.count > 1 else bar.finish, bar.advance, engine)
            watch.on_progress = None
    if first:
        _report(len(jobs), len(jobs) - len(todo), failures, str(results), kind)
    return EXIT_INPUT_ERROR if failures else 0


def run_jobs(jobs: Sequence[AnyJob], results: ResultFolder, make_work: Callable[[], DoJob],
             watch: ProcessWatch, finished: Callable[[str], None] = lambda name: None,
             progress: Callable[[str, int, int], None] = lambda name, done, total: None,
             engine: Engine | None = None) -> dict[str, str]:
    """Do jobs; of several processes each does its share, and all wait for the last.

    A job that fails is noted beside the results, an unforeseen error with its traceback; the next
    run tries it again. An old result stays until the new one replaces it.

    Args:
        jobs: The same in every process.
        results: Folder of the targets.
        make_work: Makes what does a job.
        watch: The processes of the run.
        finished: Told the name of a job that this process has done, or that failed in it.
        progress: Told of steps within a job (name, done, in all), where they are known.
        engine: See :func:`do_video_jobs`.

    Returns:
        Name of each failed job to its reason, whichever process it failed in.

    Raises:
        S2DInputError: If an engine is given to several processes, or the folder cannot be made.
        S2DUnexpectedError: If another process is gone.
    """
    if engine is not None and not isinstance(engine, LocalEngine) and watch.count > 1:
        raise S2DInputError(f'--engine ray starts its workers itself, and this is one of '
                            f'{watch.count} processes; start the command alone')
    if watch.rank == 0:
        results.begin()
    watch.from_first(None)
    failures: dict[str, str] = {}

    def done(outcome: Outcome) -> None:
        name = outcome.task.name
        if outcome.reason is not None:
            failures[name] = results.note_failure(outcome)
        else:
            results.forget_failure(name)
        finished(name)
        watch.advance()

    def tell(task: Task, steps: int, total: int) -> None:
        progress(task.name, steps, total)
        watch.check()

    share = jobs[watch.rank::watch.count]
    (engine or LocalEngine()).run(partial(_on_jobs, make_work), _tasks(share), done, tell,
                                  shared=results.shared)
    everywhere = {name: reason for some in watch.gather(failures) for name, reason in some.items()}
    return {job.name: everywhere[job.name] for job in jobs if job.name in everywhere}


def _tasks(jobs: Sequence[AnyJob]) -> Iterator[Task]:
    return (Task(job.name, job) for job in jobs)


def _on_jobs(make_work: Callable[[], DoJob]) -> Work:
    """Make the work; of what it gives nothing is kept, for that is in the file."""
    work = make_work()

    def do_job(job: Any, progress: Progress) -> None:
        work(job, progress)
    return do_job


def _to_do(jobs: Sequence[AnyJob], results: ResultFolder,
           review: Callable[[Sequence[AnyJob]], Review], overwrite: bool) -> list[int]:
    """Return the places of the jobs to do, and say why some are done again."""
    if overwrite:
        return list(range(len(jobs)))
    from tqdm import tqdm
    found = review(jobs)
    for line in found.lines():
        tqdm.write(one_line(line))
    return [index for index, (job, missing) in enumerate(
        zip(jobs, results.missing(jobs), strict=True)) if missing or job.name in found.changed]


def _report(count: int, kept: int, failures: dict[str, str], out: str, kind: str) -> None:
    from tqdm import tqdm
    tqdm.write(f'{count - len(failures)} of {count} videos have {kind} in {out} '
               f'({kept} from earlier runs)')
    for name, reason in failures.items():
        tqdm.write(f'failed: {one_line(name)}: {one_line(reason)}', file=sys.stderr)
    if failures:
        tqdm.write(f'{len(failures)} videos failed; the same command tries them again',
                   file=sys.stderr)


class VideoBar:
    """A bar over videos that moves within each of them, so that the time left is known early.

    Videos count alike, however long. Use it as a context manager.

    Args:
        total: Number of videos to do.
        show: Draw it.
    """

    def __init__(self, total: int, show: bool = True):
        from tqdm import tqdm
        self.total, self.finished = total, 0
        self.begun: dict[str, float] = {}
        self._bar = tqdm(total=total, disable=not show or not total, bar_format=(
            '{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}'))

    def __enter__(self) -> 'VideoBar':
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def advance(self, name: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of a video are done."""
        self.begun = {name: done / max(total, 1)}
        self._show(f'{self.finished}/{self.total} videos, {one_line(name)}')

    def finish(self, name: str) -> None:
        """Show that a video is done, or has failed."""
        self.leave(name)
        self.show_finished(self.finished + 1)

    def leave(self, name: str) -> None:
        """Show no more of a video, which somebody else counts."""
        self.begun.pop(name, None)

    def show_finished(self, finished: int) -> None:
        """Show how many videos are done, here and elsewhere."""
        self.finished = max(finished, self.finished)
        self._show(f'{self.finished}/{self.total} videos')

    def _show(self, text: str) -> None:
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(self.finished + sum(self.begun.values()) - self._bar.n)
