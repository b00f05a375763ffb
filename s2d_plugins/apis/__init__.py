"""S2D from Python: a trained model on videos, dense labels, and what the tools share.

Names are imported when they are first used, so that a tool's ``--help`` does not load torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = dict(S2DInferencer='inferencer', VideoSegmenter='segmenter', densify_clip='densify',
              densify_labels='densify', load_model='segmenter')

__all__ = ['S2DInferencer', 'VideoSegmenter', 'densify_clip', 'densify_labels', 'load_model']

if TYPE_CHECKING:  # for tools that read the code and do not run it
    from .densify import densify_clip, densify_labels
    from .inferencer import S2DInferencer
    from .segmenter import VideoSegmenter, load_model


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'.{_HOMES[name]}', __name__), name)
