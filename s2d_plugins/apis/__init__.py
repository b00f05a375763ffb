"""S2D from Python: the whole recipe, its last stage alone, and their parts.

Names are imported when they are first used, so that a tool's ``--help`` does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = dict(
    STAGES='pipeline', S2DInferencer='inferencer', VideoSegmenter='segmenter',
    densify_clip='densify', densify_labels='densify', load_checkpoint='checkpoints',
    load_model='segmenter', run_pipeline='pipeline', use_safe_checkpoints='checkpoints')

__all__ = ['STAGES', 'S2DInferencer', 'VideoSegmenter', 'densify_clip', 'densify_labels',
           'load_checkpoint', 'load_model', 'run_pipeline', 'use_safe_checkpoints']

if TYPE_CHECKING:  # for tools that read the code and do not run it
    from .checkpoints import load_checkpoint, use_safe_checkpoints
    from .densify import densify_clip, densify_labels
    from .inferencer import S2DInferencer
    from .pipeline import STAGES, run_pipeline
    from .segmenter import VideoSegmenter, load_model


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'.{_HOMES[name]}', __name__), name)
