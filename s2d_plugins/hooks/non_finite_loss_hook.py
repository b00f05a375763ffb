"""Losses that are NaN or infinite do not reach the weights."""

import logging
import math

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor

from ..arguments import check_count
from ..errors import S2DInputError
from ..registry import HOOKS

_COUNT = 'skipped_losses'
_IN_A_ROW = 'skipped_losses_in_a_row'


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """Skip the update of a step whose loss is NaN or infinite, count it, stop after several.

    If the loss of any worker is not finite, all skip the step together. The counts travel in
    checkpoints. With gradient accumulation only the bad part is left out of the sum.

    Args:
        max_in_a_row: Training stops when so many steps in a row were skipped.

    Raises:
        S2DInputError: If ``max_in_a_row`` is no count; when training stops, with advice.
    """

    def __init__(self, max_in_a_row: int = 10):
        check_count(self, max_in_a_row=max_in_a_row)
        self.max_in_a_row = max_in_a_row
        self._skipped = False

    def before_train(self, runner: Runner) -> None:
        """Put the check between the loss and the optimiser, whatever its wrapper is."""
        wrapper = runner.optim_wrapper
        update = wrapper.update_params

        def update_if_finite(loss: Tensor, *args, **kwargs) -> None:
            self._skipped = not _is_finite_everywhere(loss)
            if self._skipped:
                _leave_out(wrapper)
            else:
                update(loss, *args, **kwargs)

        wrapper.update_params = update_if_finite

    def after_train(self, runner: Runner) -> None:
        """Take the check away."""
        runner.optim_wrapper.__dict__.pop('update_params', None)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch=None,
                         outputs: dict | None = None) -> None:
        """Count what was skipped."""
        hub = runner.message_hub
        if not self._skipped:
            hub.update_info(_IN_A_ROW, 0)
            return
        count = hub.get_info(_COUNT, 0) + 1
        in_a_row = hub.get_info(_IN_A_ROW, 0) + 1
        hub.update_info(_COUNT, count)
        hub.update_info(_IN_A_ROW, in_a_row)
        bad = _name_bad(outputs or {})
        print_log(f'step {runner.iter + 1} skipped: {bad} not finite ({in_a_row} in a row, '
                  f'{count} in all)', 'current', logging.WARNING)
        if in_a_row >= self.max_in_a_row:
            raise S2DInputError(
                f'stopped at step {runner.iter + 1}: the loss was NaN or infinite in {in_a_row} '
                f'steps in a row ({bad}). Lower optim_wrapper.optimizer.lr or '
                'clip_grad.max_norm, train without AMP, or check the labels, then resume from '
                f'a checkpoint in {runner.work_dir} from before')


def _name_bad(outputs: dict) -> str:
    """Name up to three losses that are not finite; their sum is named only if it is alone."""
    bad = [name for name, value in outputs.items()
           if not math.isfinite(float(torch.as_tensor(value).detach()))]
    parts = [name for name in bad if name != 'loss'] or bad
    if not parts:
        return 'a loss of another worker'
    more = f' and {len(parts) - 3} more' if len(parts) > 3 else ''
    return ', '.join(parts[:3]) + more


def _is_finite_everywhere(loss: Tensor) -> bool:
    finite = torch.isfinite(loss.detach()).float()
    all_reduce(finite, 'min')
    return bool(finite)


def _leave_out(wrapper: OptimWrapper) -> None:
    """Count a part of an accumulated step without adding to it; finish the step if it is due."""
    wrapper._inner_count += 1
    if not wrapper.should_update():
        return
    params = (param for group in wrapper.param_groups for param in group['params'])
    if any(param.grad is not None for param in params):
        wrapper.step()
        wrapper.zero_grad()
