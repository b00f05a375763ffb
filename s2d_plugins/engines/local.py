"""The plain engine: one task after the other, in this process."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .base import Engine, MakeWork, Outcome, Task, do_task, raise_if_fatal


class LocalEngine(Engine):
    """Does tasks in their order; needs nothing."""

    def run(self, make_work: MakeWork, tasks: Iterable[Task], done: Callable[[Outcome], None],
            progress: Callable[[Task, int, int], None] | None = None,
            shared: Sequence[Path] = ()) -> None:
        """See :meth:`Engine.run`; the work is made when there is a first task."""
        work = None
        for task in tasks:
            work = work or make_work()

            def tell(steps: int, total: int, task: Task = task) -> None:
                if progress is not None:
                    progress(task, steps, total)

            outcome = do_task(work, task, tell)
            raise_if_fatal(outcome)
            done(outcome)
