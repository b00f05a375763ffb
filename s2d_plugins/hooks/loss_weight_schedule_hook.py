"""Loss weights of the distiller that change during training."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..registry import HOOKS
from .schedules import make_schedule


@HOOKS.register_module()
class LossWeightScheduleHook(Hook):
    """Set the distiller's loss weights before each step; they appear in the log.

    The weights follow from the step alone, so a resumed training goes on with the right ones.

    Args:
        supervised_loss_weight: Factor of the keymask terms: a number, or a
            :class:`~s2d_plugins.hooks.schedules.Schedule` as a dict, for example
            ``dict(mode='cosine', start=1.0, end=0.2, begin=0, stop=20000)``.
        teacher_loss_weight: Factor of the teacher terms, likewise.

    Raises:
        ValueError: If a weight can become negative.
    """

    priority = 'ABOVE_NORMAL'

    def __init__(self, supervised_loss_weight: float | dict = 1.0,
                 teacher_loss_weight: float | dict = 1.0):
        self.schedules = dict(supervised_loss_weight=make_schedule(supervised_loss_weight),
                              teacher_loss_weight=make_schedule(teacher_loss_weight))
        for name, schedule in self.schedules.items():
            if schedule.bounds[0] < 0:
                raise ValueError(f'{name} must not be negative, found {schedule}')

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        """Set this step's weights."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for name, schedule in self.schedules.items():
            value = schedule.at(runner.iter)
            setattr(model, name, value)
            runner.message_hub.update_scalar(f'train/{name}', value)
