"""An EMA teacher whose momentum changes during training."""

import torch
from mmdet.engine.hooks import MeanTeacherHook
from mmengine.runner import Runner
from torch import nn

from ..arguments import check_count, check_flag, refuse
from ..registry import HOOKS
from .schedules import make_schedule


@HOOKS.register_module()
class ScheduledMeanTeacherHook(MeanTeacherHook):
    """mmdet's ``MeanTeacherHook`` with a momentum that may be a schedule.

    As there, ``teacher = (1 - momentum) * teacher + momentum * student``: a published teacher
    momentum of 0.999 is 0.001 here. All parameters are moved by one fused call. With gradient
    accumulation set ``interval`` to its count, so that the teacher moves when the student does.

    Args:
        momentum: A number, or a :class:`~s2d_plugins.hooks.schedules.Schedule` as a dict, in
            iterations.
        interval: Iterations between two updates.
        skip_buffer: As in mmdet's hook.

    Raises:
        S2DInputError: If the momentum can leave the range from 0 to 1, both excluded, or another
            argument is wrong.
    """

    def __init__(self, momentum: float | dict = 0.001, interval: int = 1,
                 skip_buffer: bool = True):
        check_count(self, interval=interval)
        check_flag(self, skip_buffer=skip_buffer)
        self.schedule = make_schedule(momentum, self, 'momentum')
        if not 0 < self.schedule.bounds[0] <= self.schedule.bounds[1] < 1:
            raise refuse(self, 'momentum', momentum, 'above 0 and below 1 at every step')
        super().__init__(self.schedule.at(0), interval, skip_buffer)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        """Move the teacher by this step's momentum."""
        self.momentum = self.schedule.at(runner.iter)
        runner.message_hub.update_scalar('train/teacher_momentum', self.momentum)
        super().after_train_iter(runner, batch_idx, data_batch, outputs)

    @torch.no_grad()
    def momentum_update(self, model: nn.Module, momentum: float) -> None:
        """Move all parameters (and floating point buffers, unless skipped) at once."""
        if self.skip_buffers:
            student, teacher = model.student.parameters(), model.teacher.parameters()
        else:
            student = model.student.state_dict().values()
            teacher = model.teacher.state_dict().values()
        pairs = [(old, new) for old, new in zip(teacher, student, strict=True)
                 if old.is_floating_point()]
        torch._foreach_lerp_(*map(list, zip(*pairs, strict=True)), momentum)
