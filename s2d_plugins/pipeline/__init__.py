"""The whole recipe over videos: stages, their results in a work dir, and how good they are.

Names are imported when they are first used, so that a tool's ``--help`` does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = dict(STAGES='stage_names', run_pipeline='run')

__all__ = ['STAGES', 'run_pipeline']

if TYPE_CHECKING:  # for tools that read the code and do not run it
    from .run import STAGES, run_pipeline


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'.{_HOMES[name]}', __name__), name)
