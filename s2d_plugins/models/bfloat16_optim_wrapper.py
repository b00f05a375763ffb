"""Mixed precision without a GPU: training steps in bfloat16."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import torch
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from torch import nn

from s2d_plugins.registry import OPTIM_WRAPPERS

#: What Linux calls the instructions: AVX512, AMX, ARM.
_CPU_FLAGS = {'avx512_bf16', 'amx_bf16', 'bf16'}


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """mmengine's wrapper with the forward pass under bfloat16 autocast, on the model's device.

    Weights, their gradients and the losses stay float32, and bfloat16 has float32's range: there
    is no loss scale. A CPU without bfloat16 instructions trains in float32 and says so once, for
    there bfloat16 is slower. Arguments are those of mmengine's ``OptimWrapper``.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._on_cpu = cpu_has_bfloat16()
        if not self._on_cpu and not torch.cuda.is_available():
            print_log('BFloat16OptimWrapper: this CPU has no bfloat16 instructions; training in '
                      'float32', logger='current', level=logging.WARNING)

    @contextlib.contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass of a training step."""
        device = next(model.parameters()).device.type
        enabled = device != 'cpu' or self._on_cpu
        with super().optim_context(model), torch.autocast(device, torch.bfloat16,
                                                          enabled=enabled):
            yield


def cpu_has_bfloat16(cpuinfo: str = '/proc/cpuinfo') -> bool:
    """Whether this CPU computes in bfloat16; False where the system does not say."""
    try:
        text = Path(cpuinfo).read_text(encoding='utf-8', errors='replace')
    except OSError:
        return False
    return bool(_CPU_FLAGS.intersection(text.split()))
