"""Loss weights of the distiller that change during training."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..arguments import refuse
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
        S2DInputError: If a weight is no number or schedule, or can become negative.
    """

    priority = 'ABOVE_NORMAL'

    def __init__(self, supervised_loss_weight: float | dict = 1.0,
                 teacher_loss_weight: float | dict = 1.0):
        weights = dict(supervised_loss_weight=supervised_loss_weight,
                       teacher_loss_weight=teacher_loss_weight)
        self.schedules = {name: make_schedule(weight, self, name)
                          for name, weight in weights.items()}
        for name, schedule in self.schedules.items():
            if schedule.bounds[0] < 0:
                raise refuse(self, name, weights[name], 'at least 0 at every step')

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        """Set this step's weights."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for name, schedule in self.schedules.items():
            value = schedule.at(runner.iter)
            setattr(model, name, value)
            runner.message_hub.update_scalar(f'train/{name}', value)
