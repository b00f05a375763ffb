"""What all engines take and give."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import (
    S2DInputError,
    S2DOutputError,
    S2DUnexpectedError,
    full_disk,
    one_line,
    unexpected,
    was_interrupted,
)
from ..structures import Progress

#: Does one task: takes what the task holds, and what to tell its progress to; gives a small value.
Work = Callable[[Any, Progress], Any]
#: Makes a :data:`Work` where it will run, such as a model that is loaded once.
MakeWork = Callable[[], Work]


@dataclass(frozen=True)
class Task:
    """One piece of work.

    Attributes:
        name: What it is called in messages; a file name.
        content: What the work takes.
    """

    name: str
    content: Any


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: Which.
        value: What the work gave.
        reason: If it failed, the one line that says why.
        trace: Its traceback, if nobody foresaw that.
        fatal: The line of an error that ends the whole run, such as a full disk.
    """

    task: Task
    value: Any = None
    reason: str | None = None
    trace: Sequence[str] = ()
    fatal: str | None = None


class Engine(ABC):
    """Does tasks, in any order, and tells of each when it is done."""

    @abstractmethod
    def run(self, make_work: MakeWork, tasks: Iterable[Task], done: Callable[[Outcome], None],
            progress: Callable[[Task, int, int], None] | None = None,
            shared: Sequence[Path] = ()) -> None:
        """Do all tasks once.

        Tasks are drawn when there is somebody to do them, so there may be any number. A task that
        fails does not end the others.

        Args:
            make_work: Called once in each process that works; can be pickled.
            tasks: What is to be done; their contents can be pickled.
            done: Told of every task, in this process.
            progress: Told of steps within a task (task, done, in all), by engines that see them.
            shared: Folders that every worker must see.

        Raises:
            S2DInputError: If the work cannot be made, or a worker does not see a folder.
            S2DOutputError: If something cannot be written, which ends all.
            S2DUnexpectedError: If no worker can be had any more.
        """


def do_task(work: Work, task: Task, progress: Progress) -> Outcome:
    """Do one task; what goes wrong with it is its outcome.

    Raises:
        KeyboardInterrupt: If that is what ended it.
        S2DUnexpectedError: If another process of the run is gone.
    """
    try:
        return Outcome(task, work(task.content, progress))
    except S2DUnexpectedError:
        raise
    except S2DOutputError as error:
        return Outcome(task, reason=one_line(error), fatal=one_line(error))
    except S2DInputError as error:
        return Outcome(task, reason=one_line(error))
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        fatal = full_disk(error)
        return Outcome(task, reason=unexpected(error),
                       trace=''.join(traceback.format_exception(error)).splitlines(),
                       fatal=None if fatal is None else one_line(fatal))


def raise_if_fatal(outcome: Outcome) -> None:
    """End the run if an outcome says so.

    Raises:
        S2DOutputError: With the outcome's line.
    """
    if outcome.fatal is not None:
        raise S2DOutputError(outcome.fatal)
