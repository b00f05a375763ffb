"""Parts of a model that torch compiles for training."""

from collections.abc import Sequence

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..arguments import check_choice, check_type, items_of, refuse
from ..registry import HOOKS

_MODES = ('default', 'reduce-overhead', 'max-autotune', 'max-autotune-no-cudagraphs')


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile parts of the model with ``torch.compile`` when training starts.

    Parts are compiled in place: names of weights stay, so checkpoints are the same with and
    without. The first steps can take minutes, and so can the first one with frames of another
    size, until torch makes sizes variable.

    Args:
        parts: Names of parts, wherever they are in the model: of a distiller ``'backbone'`` means
            the student's and the teacher's.
        backend: A backend of ``torch.compile``. ``'inductor'`` needs a C++ compiler, on a GPU
            Triton as well.
        mode: A mode of ``'inductor'``; None for its default.

    Raises:
        S2DInputError: If an argument is wrong, or, when training starts, if the model has no part
            of that name.
    """

    def __init__(self, parts: Sequence[str] = ('backbone', 'pixel_decoder'),
                 backend: str = 'inductor', mode: str | None = None):
        check_type(self, str, 'name of a part', **items_of(self, 'parts', parts))
        if not isinstance(backend, str) or backend not in torch.compiler.list_backends(()):
            raise refuse(self, 'backend', backend, "one of torch.compile's, such as 'inductor'")
        check_choice(self, _MODES, optional=True, mode=mode)
        if mode is not None and backend != 'inductor':
            raise refuse(self, 'mode', mode, f'None with backend={backend}')
        self.parts = tuple(parts)
        self.backend = backend
        self.mode = mode

    def before_train(self, runner: Runner) -> None:
        """Compile the parts; they are translated when they are first called."""
        modules = dict(runner.model.named_modules())
        for part in self.parts:
            found = [module for name, module in modules.items()
                     if part and f'.{name}'.endswith(f'.{part}')]
            if not found:
                raise refuse(self, 'parts', self.parts, f'parts of {type(runner.model).__name__}, '
                             f'which has no {part}')
            for module in found:
                module.compile(backend=self.backend, mode=self.mode)
