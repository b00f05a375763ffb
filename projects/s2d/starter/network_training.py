"""The training loop of the small networks: stopped, it goes on from its last checkpoint."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from numpy.random import Generator
from torch import Tensor, nn
from tqdm import tqdm

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.checkpoints import load_checkpoint
from s2d_plugins.fileio.whole_files import write_bytes

RATE, DECAY, LONGEST_GRADIENT = 2e-3, 1e-2, 1.0
CHECK_EVERY = 200


class NetworkTraining:
    """Trains a network with AdamW and a one-cycle rate.

    Args:
        network: What learns.
        rng: Source of randomness; its state is in the checkpoint.
        work_dir: Gets ``last.pth``; an earlier one is gone on with.
        steps: The last step.

    Attributes:
        done: Steps of the earlier checkpoint.

    Raises:
        S2DInputError: If the checkpoint is of another training or the number of steps is wrong.
    """

    def __init__(self, network: nn.Module, rng: Generator, work_dir: Path, steps: int):
        optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.1)
        self.parts = dict(network=network, optimizer=optimizer, schedule=schedule)
        self.rng, self.steps, self.last = rng, steps, work_dir / 'last.pth'
        self.done = self._resume() if self.last.is_file() else 0

    def run(self, losses: Iterable[Tensor], judge: Callable[[], str]) -> None:
        """Train to the last step.

        Args:
            losses: Of the steps that are left; each is asked for when the one before is done.
            judge: Says how good the network is; called before each checkpoint.
        """
        network, optimizer = self.parts['network'], self.parts['optimizer']
        with tqdm(total=self.steps, initial=self.done, desc='steps') as bar:
            for step, loss in enumerate(losses, self.done + 1):
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), LONGEST_GRADIENT)
                optimizer.step()
                self.parts['schedule'].step()
                bar.update()
                if step % CHECK_EVERY == 0 or step == self.steps:
                    bar.write(f'step {step}: {judge()}')
                    self._save(step)

    def _save(self, step: int) -> None:
        state = {name: part.state_dict() for name, part in self.parts.items()}
        content = io.BytesIO()
        torch.save(dict(state_dict=state.pop('network'), step=step, **state,
                        rng=self.rng.bit_generator.state), content)
        self.last.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(self.last, content.getvalue())

    def _resume(self) -> int:
        content = load_checkpoint(self.last)
        try:
            for name, part in self.parts.items():
                part.load_state_dict(content['state_dict' if name == 'network' else name])
            self.rng.bit_generator.state = content['rng']
            return content['step']
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise S2DInputError(f'{self.last}: expected a checkpoint of this training, found '
                                'another; give a new --work-dir') from error


def check_amounts(steps: int, batch: int) -> None:
    """Check a training's arguments.

    Raises:
        S2DInputError: If there is nothing to do.
    """
    if steps < 1 or batch < 1:
        raise S2DInputError(f'expected --steps and --batch of at least 1, found {steps} and '
                            f'{batch}')
