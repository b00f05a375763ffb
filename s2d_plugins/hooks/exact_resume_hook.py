"""A training that was stopped and resumed equals one that ran through."""

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..arguments import check_flag
from ..errors import S2DInputError
from ..fileio.checkpoint_checks import check_resumable
from ..registry import HOOKS


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Make everything random follow from the seed and the step.

    Two things are not in a checkpoint. Random numbers of the model (sampled points, drop path):
    torch is seeded before each step from the run's seed, the rank and the step. Random numbers of
    the augmentations: the batches before the resumed step are drawn again, as mmengine's releases
    did before it learnt to skip them unread where it can. The run needs a fixed
    ``randomness.seed``, and checkpoints at whole accumulated steps.

    Args:
        replay_data: Draw those batches again. It costs the loading time of all steps before; with
            False mmengine may skip them, and augmentations after a resume are other ones.

    Raises:
        S2DInputError: If a training cannot go on from the checkpoint given.
    """

    def __init__(self, replay_data: bool = True):
        check_flag(self, replay_data=replay_data)
        self.replay_data = replay_data

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check that the training can go on from a checkpoint, before any batch is drawn."""
        if not runner._resume:
            return
        check_resumable(checkpoint, runner._load_from)
        step = checkpoint['meta']['iter']
        if step > runner.max_iters:
            raise S2DInputError(f'{runner._load_from} is of step {step}, but this training has '
                                f'{runner.max_iters}; raise train_cfg, or give an earlier '
                                'checkpoint')

    def before_train(self, runner: Runner) -> None:
        """Ask for the batches themselves, not only for their indices."""
        batches = getattr(runner.train_loop, 'dataloader_iterator', None)
        if self.replay_data and hasattr(batches, 'skip_iter'):
            batches.skip_iter = lambda num_iters: _draw(batches, num_iters)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        """Seed this step."""
        sequence = np.random.SeedSequence([runner.seed, get_rank(), runner.iter])
        torch.manual_seed(int(sequence.generate_state(1)[0]))


def _draw(batches, count: int) -> None:
    for _ in range(count):
        next(batches)
