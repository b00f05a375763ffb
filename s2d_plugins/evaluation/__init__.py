"""Metrics: class-agnostic VIS AP and AR, AP and AR of frames, DAVIS J and F.

Names are imported when they are first used: the processes that :mod:`.parallel` starts need numpy
and OpenCV, but neither torch nor mmdet.
"""

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = dict(ClassAgnosticVISMetric='class_agnostic_vis_metric', DAVISMetric='davis_metric',
              evaluate_davis='davis', evaluate_frames='frame_ap', evaluate_vis='tube_ap')

__all__ = ['ClassAgnosticVISMetric', 'DAVISMetric', 'evaluate_davis', 'evaluate_frames',
           'evaluate_vis']

if TYPE_CHECKING:  # for tools that read the code and do not run it
    from .class_agnostic_vis_metric import ClassAgnosticVISMetric
    from .davis import evaluate_davis
    from .davis_metric import DAVISMetric
    from .frame_ap import evaluate_frames
    from .tube_ap import evaluate_vis


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'.{_HOMES[name]}', __name__), name)
