"""Run mmengine's Runner: what is wrong with a config often shows in its first steps only."""

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..errors import S2DInputError, one_line, shortened
from ..fileio.configs import config_errors
from .command_line import log_traceback

_FIRST_STEPS = 2


def train(runner: Runner) -> None:
    """Train; errors until the second step is done, and in the first validation, are the config's.

    Raises:
        S2DInputError: If a part cannot be built or does not do its work, or if the checkpoint to
            start from does not fit. The traceback goes to the log file.
    """
    with _put_to_the_config(runner):
        runner.train()


def test(runner: Runner) -> dict:
    """Test; errors until all is measured are the config's.

    Raises:
        S2DInputError: As for :func:`train`.
    """
    with _put_to_the_config(runner):
        return runner.test()


class _FirstSteps(Hook):
    """Says whether what a config describes has worked once.

    Attributes:
        are_over: Whether the part of the run that goes on now has done so before.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.are_over = False
        self._steps = 0
        self._validated = False

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None,
                         outputs: Any = None) -> None:
        self._steps += 1
        self.are_over = self._steps >= _FIRST_STEPS

    def before_val(self, runner: Runner) -> None:
        self.are_over = self._validated

    def after_val(self, runner: Runner) -> None:
        self._validated = True
        self.are_over = self._steps >= _FIRST_STEPS


@contextlib.contextmanager
def _put_to_the_config(runner: Runner) -> Iterator[None]:
    first_steps = _FirstSteps()
    runner.register_hook(first_steps)
    try:
        with config_errors(runner.cfg.filename or 'of the runner',
                           lambda: not first_steps.are_over):
            yield
    except S2DInputError as error:
        cause = error.__cause__
        if cause is None or isinstance(cause, S2DInputError | OSError):
            raise
        line = str(error)
        if any(frame.f_code.co_name == 'load_or_resume'
               for frame, _ in traceback.walk_tb(cause.__traceback__)):
            line = (f'{runner._load_from or "the checkpoint"} does not fit this training '
                    f'({shortened(one_line(cause), 150)}); give a checkpoint of the same config')
        log = log_traceback(cause)
        raise S2DInputError(line + f'; the traceback is in {log}' * (log is not None)) from cause
