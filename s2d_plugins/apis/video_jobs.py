"""What the tools do that make one file per video: resume, share, show progress, report."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..distributed.job_sharing import AnyJob, share_jobs
from ..errors import one_line
from ..fileio.stamps import Review
from ..structures import Progress
from .command_line import EXIT_INPUT_ERROR


def do_video_jobs(jobs: Sequence[AnyJob], out: Path, work: Callable[[AnyJob, Progress], object],
                  review: Callable[[Sequence[AnyJob]], Review], overwrite: bool,
                  kind: str) -> int:
    """Make what is missing or out of date, together with the other processes of this run.

    The first process shows progress and says what was made again, what was made, and what failed
    and why.

    Args:
        jobs: Jobs with different targets, the same in every process.
        out: Folder of the targets.
        work: Writes a job's target and tells its progress, or raises.
        review: Looks which of the targets that are there still hold.
        overwrite: Make all again.
        kind: What the targets are called, in the plural.

    Returns:
        The tool's exit code.
    """
    from mmengine.dist import get_rank
    first = get_rank() == 0
    again = _outdated(jobs, review, overwrite) if first else []
    todo = {job.name for job in [*again, *(job for job in jobs if not job.target.exists())]}
    with VideoBar(len(todo), show=first) as bar:
        def finished(job: AnyJob, mine: bool) -> None:
            if job.name in todo:
                bar.finish(job.name)

        failures = share_jobs(jobs, out, lambda job: work(
            job, lambda done, total: bar.advance(job.name, done, total)), again, finished)
    if first:
        _report(len(jobs), len(jobs) - len(todo), failures, out, kind)
    return EXIT_INPUT_ERROR if failures else 0


def _outdated(jobs: Sequence[AnyJob], review: Callable[[Sequence[AnyJob]], Review],
              overwrite: bool) -> list[AnyJob]:
    """Return the jobs whose results are to be made again, and say why."""
    if overwrite:
        return [job for job in jobs if job.target.exists()]
    from tqdm import tqdm
    found = review(jobs)
    for line in found.lines():
        tqdm.write(one_line(line))
    return [job for job in jobs if job.name in found.changed]


def _report(count: int, kept: int, failures: dict[str, str], out: Path, kind: str) -> None:
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
        self.begun.pop(name, None)
        self.finished += 1
        self._show(f'{self.finished}/{self.total} videos')

    def _show(self, text: str) -> None:
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(self.finished + sum(self.begun.values()) - self._bar.n)
