"""A stand-in for ``mmcv._ext`` where mmcv came without compiled ops.

With it ``mmcv.ops`` and ``mmdet.models`` import. Ops that exist elsewhere work, the others say what
they need. With compiled ops present nothing is touched and they are used.
"""

import functools
import importlib
import importlib.machinery
import importlib.util
import logging
import sys
import types

STAND_IN_MARK = '__s2d_stand_in__'
_NAME = 'mmcv._ext'


def has_compiled_ops() -> bool:
    """Whether mmcv's own compiled extension is there (the stand-in does not count)."""
    module = sys.modules.get(_NAME)
    if module is not None:
        return not hasattr(module, STAND_IN_MARK)
    spec = importlib.util.find_spec(_NAME)
    return spec is not None and spec.loader is not StandInLoader


@functools.cache
def ensure_mmcv_ops() -> None:
    """Make ``mmcv.ops`` importable: put a stand-in for ``mmcv._ext`` where the real one is missing.

    Multi-scale deformable attention then takes mmcv's PyTorch path on every device, or
    deformops' kernels if that package is installed and there is a CUDA device.
    """
    if has_compiled_ops():
        return
    if _NAME not in sys.modules:
        spec = stand_in_spec()
        sys.modules[_NAME] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    _use_deformops()


def stand_in_spec() -> importlib.machinery.ModuleSpec:
    """What a finder returns for ``mmcv._ext`` where no other finder knows one."""
    return importlib.machinery.ModuleSpec(_NAME, StandInLoader, origin='s2d_plugins')


class StandInLoader:
    """Makes the stand-in, also in the middle of an import of ``mmcv.ops``."""

    @staticmethod
    def create_module(spec: importlib.machinery.ModuleSpec) -> None:
        """Take the usual kind of module."""

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        """Fill the module; deformable attention is told to take mmcv's PyTorch path."""
        _fill_stand_in(module)
        attention = importlib.import_module('mmcv.ops.multi_scale_deform_attn')
        attention.IS_CUDA_AVAILABLE = False


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
        from .openmmlab import compiled_ops_command
        raise RuntimeError(
            f'mmcv op {self.name!r} is a compiled one, which this mmcv does not have; compile them '
            f'with `{compiled_ops_command()}` (needs a C++ compiler and about half an hour; with '
            'CUDA ops where nvcc and a GPU are found)')

    def __repr__(self) -> str:
        return f'MissingOp({self.name!r})'


def _fill_stand_in(module: types.ModuleType) -> None:
    module.__doc__ = 'Stand-in for compiled mmcv ops by s2d_plugins.compat.'
    # a spec, so that find_spec works; no loader, so that mmcv's check_ops_exist says no
    module.__spec__ = importlib.machinery.ModuleSpec(_NAME, loader=None)
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


def warn_of_plain_ops(device: str) -> None:
    """Say in one line that RoIAlign and NMS are slow here, where nobody compiled them."""
    if has_compiled_ops() or working_torchvision() is not None:
        return
    from mmengine.logging import print_log

    from .openmmlab import compiled_ops_command
    on_gpu = ', far below what the GPU could do' if device.startswith('cuda') else ''
    print_log('RoIAlign and NMS run in plain PyTorch: the results are the same, but detectors take '
              f'seconds a frame{on_gpu}; install the torchvision that fits torch, or compile '
              f"mmcv's ops with `{compiled_ops_command()}`", 'current', logging.WARNING)


def _nms(boxes, scores, iou_threshold: float, offset: int = 0):
    """``mmcv._ext.nms``: indices of the kept boxes, best first; of equals the earlier is."""
    import torch

    from . import plain_ops
    torchvision = working_torchvision()
    if torchvision is None or boxes.dtype.itemsize < 4:
        return plain_ops.nms(boxes, scores, iou_threshold, offset)
    shifted = boxes + boxes.new_tensor([0, 0, offset, offset])
    # torchvision wants scores of the boxes' type, in which different ones may become equal
    ranks = torch.empty_like(shifted[:, 0])
    ranks[scores.argsort(descending=True, stable=True)] = torch.arange(
        len(scores), 0, -1, device=ranks.device).to(ranks)
    return torchvision.nms(shifted, ranks, iou_threshold)


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
    if features.dtype.itemsize < 4:  # half precision would move the regions
        features = features.float()
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
