"""The ways in which mmcv's deformable attention can be computed, to compare them in one process.

Import it before anything else of this package or of mmdet.
"""

import contextlib
import importlib
import importlib.util
from collections.abc import Iterator
from unittest import mock

from s2d_plugins import compat

with mock.patch.object(compat.mmcv_ops, '_use_deformops'):  # mmcv's own function stays at hand
    import s2d_plugins.registry  # noqa: F401

ATTENTIONS = ('pytorch', 'deformops', 'compiled')


def missing_attention(name: str, device: str) -> str | None:
    """Return why a path of deformable attention cannot be measured here, or None if it can."""
    if device == 'cpu':
        return None if name == 'pytorch' else 'only for GPUs'
    if name == 'compiled' and not compat.has_compiled_ops():
        return 'mmcv has no compiled ops'
    if name == 'deformops':
        if importlib.util.find_spec('deformops') is None:
            return 'deformops is not installed'
        try:
            importlib.import_module('deformops.integrations.mmcv')
        except ImportError as error:
            return f'deformops does not import: {error}'
    return None


def usual_attention(device: str) -> str:
    """Return the path that training takes here by itself."""
    if device == 'cuda' and compat.has_compiled_ops():
        return 'compiled'
    return 'pytorch' if missing_attention('deformops', device) else 'deformops'


@contextlib.contextmanager
def attention_path(name: str) -> Iterator[None]:
    """Let mmcv's deformable attention take one of :data:`ATTENTIONS` for a while."""
    module = importlib.import_module('mmcv.ops.multi_scale_deform_attn')
    function = module.multi_scale_deformable_attn_pytorch
    with mock.patch.object(module, 'IS_CUDA_AVAILABLE', name == 'compiled'):
        if name == 'deformops':
            importlib.import_module('deformops.integrations.mmcv'
                                    ).patch_multi_scale_deformable_attn_pytorch()
        try:
            yield
        finally:
            module.multi_scale_deformable_attn_pytorch = function
