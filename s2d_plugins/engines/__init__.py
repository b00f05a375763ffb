"""Engines: what does the same work on many videos, in this process or on a cluster."""

from .base import Engine, Outcome, Task, Work, do_task
from .build import ENGINES, build_engine
from .local import LocalEngine

__all__ = ['ENGINES', 'Engine', 'LocalEngine', 'Outcome', 'Task', 'Work', 'build_engine',
           'do_task']
