"""Give the optimiser of a distiller the student's parameters alone."""

import torch.nn as nn
from mmengine.model import is_model_wrapper
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper

from s2d_plugins.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class StudentOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """mmengine's constructor for models with a ``student``: the EMA teacher is not optimised."""

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the wrapper over the parameters of ``model.student``."""
        model = model.module if is_model_wrapper(model) else model
        return super().__call__(model.student)
