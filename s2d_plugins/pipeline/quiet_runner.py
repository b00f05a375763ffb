"""mmengine's Runner as one stage among others: a progress bar on the console, the log in its file.
"""

import contextlib
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.config import ConfigDict
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from tqdm import tqdm

_SMOOTHING = 0.95


_forks_ignore_interrupts = False


@contextlib.contextmanager
def own_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from the processes that are forked meanwhile, which load data.

    The terminal sends it to all of them. Here it ends the main process, and that ends them;
    they themselves would print a traceback each, or die first and be taken for the error.
    """
    global _forks_ignore_interrupts
    before, _forks_ignore_interrupts = _forks_ignore_interrupts, True
    try:
        yield
    finally:
        _forks_ignore_interrupts = before


def _after_fork() -> None:
    if _forks_ignore_interrupts:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork)


class QuietRunner(Runner):
    """A Runner that writes its log to its file alone, and its curves to its own folder."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the usual logger without its console handler."""
        logger = super().build_logger(*args, **kwargs)
        logger.handlers = [handler for handler in logger.handlers
                           if isinstance(handler, logging.FileHandler)]
        return logger

    def build_visualizer(self, visualizer=None):
        """Build the visualizer under this run's name: it would else write to another run's folder.
        """
        if isinstance(visualizer, dict):
            visualizer = ConfigDict(visualizer, name=self.experiment_name)
        return super().build_visualizer(visualizer)


class ProgressBarHook(Hook):
    """Show each training step and the smoothed loss on a progress bar.

    Args:
        bar: A tqdm bar whose total is the number of steps.
    """

    priority = 'LOWEST'

    def __init__(self, bar: tqdm):
        self.bar = bar
        self._loss: float | None = None

    def before_train(self, runner: Runner) -> None:
        """Start where a resumed training starts."""
        self.bar.initial = self.bar.n = runner.iter
        self.bar.refresh()

    def after_train_iter(self, runner: Runner, batch_idx: int,
                         data_batch: Sequence | None = None, outputs: dict | None = None) -> None:
        """Count the step."""
        if outputs and 'loss' in outputs:
            loss = float(torch.as_tensor(outputs['loss']).detach())
            before = loss if self._loss is None else self._loss
            self._loss = _SMOOTHING * before + (1 - _SMOOTHING) * loss
            self.bar.set_postfix_str(f'loss {self._loss:.3f}', refresh=False)
        self.bar.update()
