"""The two adaptations that let mmdet and mmflow run without compiled mmcv ops.

* ``mmcv._ext`` missing: a stand-in takes its place, so that ``mmcv.ops`` and with it
  ``mmdet.models`` import. Ops that exist elsewhere work, the others say what they need.
* mmflow refuses ``mmcv >= 2.1`` at import, though it runs with it: the gate is passed.

With compiled ops present nothing is touched and they are used.
"""

import contextlib
import functools
import importlib
import importlib.machinery
import importlib.util
import logging
import sys
import types

STAND_IN_MARK = '__s2d_stand_in__'
COMPILED_OPS_COMMAND = (
    'pip install ninja wheel "setuptools>=80" "packaging>=24.2" && '
    'pip install --force-reinstall --no-deps --no-cache-dir --no-build-isolation '
    'onedl-mmcv==2.3.6')
COMPILED_OPS_HELP = (
    f'compile them with `{COMPILED_OPS_COMMAND}` (needs a C++ compiler and about half an hour; '
    'with CUDA ops where nvcc and a GPU are found)')
MMFLOW_COMMAND = 'pip install mmflow==1.0.0rc0'


def has_compiled_ops() -> bool:
    """Whether mmcv's own compiled extension is there (the stand-in does not count)."""
    module = sys.modules.get('mmcv._ext')
    if module is not None:
        return not hasattr(module, STAND_IN_MARK)
    return importlib.util.find_spec('mmcv._ext') is not None


def ensure_mmcv_ops() -> None:
    """Make ``mmcv.ops`` importable: put a stand-in for ``mmcv._ext`` where the real one is missing.

    Multi-scale deformable attention then takes mmcv's PyTorch path on every device, or
    deformops' kernels if that package is installed and there is a CUDA device.
    """
    if 'mmcv._ext' in sys.modules or has_compiled_ops():
        return
    sys.modules['mmcv._ext'] = _make_stand_in()
    attention = importlib.import_module('mmcv.ops.multi_scale_deform_attn')
    attention.IS_CUDA_AVAILABLE = False
    _use_deformops()


def _use_deformops() -> None:
    """Let deformops serve mmcv's PyTorch attention function on CUDA, if it is installed."""
    import torch
    if importlib.util.find_spec('deformops') is None or not torch.cuda.is_available():
        return
    from mmengine.logging import print_log
    try:
        integration = importlib.import_module('deformops.integrations.mmcv')
    except ImportError as error:
        print_log(f'deformops is installed but does not import ({error}); going on with the '
                  'PyTorch path of deformable attention', 'current', logging.WARNING)
        return
    integration.patch_multi_scale_deformable_attn_pytorch()


class MissingOp:
    """Takes the place of a compiled op and raises when it is called.

    Raises:
        RuntimeError: Always, with the command that gives the op.
    """

    def __init__(self, name: str):
        self.name = name

    def __call__(self, *args, **kwargs):
        raise RuntimeError(f'mmcv op {self.name!r} is a compiled one, which this mmcv does not '
                           f'have; {COMPILED_OPS_HELP}')

    def __repr__(self) -> str:
        return f'MissingOp({self.name!r})'


def _make_stand_in() -> types.ModuleType:
    module = types.ModuleType('mmcv._ext', 'Stand-in for compiled mmcv ops by s2d_plugins.compat.')
    # a spec, so that find_spec works; no loader, so that mmcv's check_ops_exist says no
    module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', loader=None)
    setattr(module, STAND_IN_MARK, True)
    module.nms = _nms
    module.roi_align_forward = _roi_align_forward
    module.roi_align_backward = _roi_align_backward
    module.get_compiler_version = module.get_compiling_cuda_version = _not_compiled

    def missing(name: str) -> MissingOp:
        if name.startswith('_'):  # what inspection and pickling look for is not there
            raise AttributeError(f'{module.__name__} has no {name}')
        op = MissingOp(name)
        setattr(module, name, op)
        return op

    module.__getattr__ = missing
    return module


def _not_compiled() -> str:
    return 'n/a'


@functools.cache
def working_torchvision() -> types.ModuleType | None:
    """Return ``torchvision.ops`` if it is installed and fits this torch, else None."""
    import torch
    try:
        ops = importlib.import_module('torchvision.ops')
        ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    except (ImportError, RuntimeError, AttributeError):  # built for another torch
        return None
    return ops


def _nms(boxes, scores, iou_threshold: float, offset: int = 0):
    """``mmcv._ext.nms``: indices of the kept boxes, best first."""
    from . import plain_ops
    torchvision = working_torchvision()
    if torchvision is None or boxes.dtype.itemsize < 4:
        return plain_ops.nms(boxes, scores, iou_threshold, offset)
    shifted = boxes + boxes.new_tensor([0, 0, offset, offset])
    return torchvision.nms(shifted, scores.to(shifted), iou_threshold)


def _roi_options(options: dict) -> tuple:
    """Return output size, spatial scale, sampling ratio and ``aligned`` of a RoIAlign call."""
    if options['pool_mode'] != 1:
        MissingOp("roi_align with pool_mode='max'")()
    return ((options['aligned_height'], options['aligned_width']), options['spatial_scale'],
            options['sampling_ratio'], options['aligned'])


def _roi_align_forward(features, rois, output, argmax_y, argmax_x, **options) -> None:
    """``mmcv._ext.roi_align_forward``: writes to ``output``; average pooling only."""
    from . import plain_ops
    ops = working_torchvision() or plain_ops
    output.copy_(ops.roi_align(features, rois.to(features), *_roi_options(options)))


def _roi_align_backward(grad_output, rois, argmax_y, argmax_x, grad_input, **options) -> None:
    """``mmcv._ext.roi_align_backward``: writes to ``grad_input``."""
    import torch

    from . import plain_ops
    options = _roi_options(options)
    torchvision = working_torchvision()
    if torchvision is None:
        grad_input.copy_(plain_ops.roi_align_backward(grad_output, rois, grad_input.shape,
                                                      *options))
        return
    with torch.enable_grad():  # pooling is linear: its gradient at zero is that everywhere
        features = torch.zeros_like(grad_input).requires_grad_()
        pooled = torchvision.roi_align(features, rois.to(features), *options)
    grad_input.copy_(torch.autograd.grad(pooled, features, grad_output)[0])


@contextlib.contextmanager
def _mmcv_version(version: str):
    import mmcv
    original = mmcv.__version__
    mmcv.__version__ = version
    try:
        yield
    finally:
        mmcv.__version__ = original


def import_mmflow() -> types.ModuleType:
    """Import mmflow past its ``mmcv < 2.1`` gate; ``mmcv.__version__`` is as before afterwards.

    Raises:
        ImportError: If mmflow is not installed, with the command that installs it.
    """
    ensure_mmcv_ops()
    if sys.modules.get('mmflow') is None and importlib.util.find_spec('mmflow') is None:
        raise ImportError(f'mmflow is not installed; run `{MMFLOW_COMMAND}`')
    with _mmcv_version('2.0.1'):
        return importlib.import_module('mmflow')
