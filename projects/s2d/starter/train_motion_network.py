"""Train the network that sees what moves by itself, on the sets of make_scenes.py.

Stopped, it goes on from its last checkpoint. How the shipped weights were made, in 20 minutes on
two cores; set 2000 is held out:

    python projects/s2d/starter/train_motion_network.py data/scenes --work-dir work_dirs/motion
    python projects/s2d/starter/export_weights.py work_dirs/motion/last.pth \\
        s2d_plugins/weights/motion_small.pth
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from network_training import NetworkTraining, check_amounts
from numpy.random import Generator
from scene_samples import FULL
from torch import Tensor, nn
from torch.nn import functional

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.proposals.motion_network import MotionNetwork

#: Gaps (positions among those of a scene) that a step sees: a clip's first and last frames have
#: neighbours on one side only.
GAP_CHOICES = ((0, 1, 2, 3, 4, 5), (1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4), (0, 2, 3, 5),
               (0, 1, 4, 5), (3, 4, 5), (0, 1, 2), (2, 3, 4, 5))
DICE_WEIGHT, DICE_FLOOR = 0.5, 20
CHECKED = 100
_X_CUES, _SIGNED_CUES, _VECTORS = [0, 2], slice(0, 4), (0, 2)

Sets = list[tuple[np.ndarray, np.ndarray]]


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path, help='folder of the sets')
    parser.add_argument('--work-dir', required=True, type=Path, metavar='DIR',
                        help='gets last.pth')
    parser.add_argument('--held-out', default='2000', metavar='NUMBER',
                        help='set that is not learnt from; 2000 by default')
    parser.add_argument('--steps', type=int, default=4000, help='4000 by default')
    parser.add_argument('--batch', type=int, default=8, help='scenes a step; 8 by default')
    return parser.parse_args(argv)


def read_sets(folder: Path, held_out: str) -> tuple[Sets, tuple[np.ndarray, np.ndarray]]:
    """Read all sets and the one that is held out.

    Raises:
        S2DInputError: If there are none, or not that one.
    """
    sets = {}
    for path in sorted(folder.glob('*.npz')):
        with np.load(path, allow_pickle=False) as content:
            sets[path.stem] = content['cues'], content['labels']
    if held_out not in sets or len(sets) < 2:
        raise S2DInputError(f'{folder}: expected at least two sets of make_scenes.py with '
                            f'{held_out}.npz among them, found {", ".join(sets) or "none"}')
    judged = sets.pop(held_out)
    return list(sets.values()), judged


def draw_batch(rng: Generator, sets: Sets, count: int) -> tuple[Tensor, Tensor]:
    """Draw scenes: mirrored, turned in time, their motion turned; (N, gaps, C, h, w), (N, h, w)."""
    gaps = list(GAP_CHOICES[rng.integers(len(GAP_CHOICES))])
    batch, labels = [], []
    for _ in range(count):
        some = sets[rng.integers(len(sets))]
        place = rng.integers(len(some[0]))
        cues, label = some[0][place].astype(np.float32), some[1][place]
        if rng.random() < 0.5:
            cues, label = cues[..., ::-1].copy(), label[:, ::-1]
            cues[:, _X_CUES] *= -1
        if rng.random() < 0.5:
            cues = cues[::-1].copy()
            cues[:, _SIGNED_CUES] *= -1
        if rng.random() < 0.3:
            cues = _turned(cues, rng.uniform(0, 6.28))
        batch.append(cues[gaps])
        labels.append(label)
    return (torch.from_numpy(np.stack(batch)),
            torch.from_numpy(np.stack(labels).astype(np.float32)))


def _turned(cues: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    cues = cues.copy()
    for first in _VECTORS:
        right, down = cues[:, first].copy(), cues[:, first + 1].copy()
        cues[:, first], cues[:, first + 1] = cos * right - sin * down, sin * right + cos * down
    return cues


def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over cells and half of each scene's dice loss; ignored cells do not count."""
    judged = (labels <= FULL).float()
    share = (labels / FULL).clamp(max=1) * judged
    entropy = functional.binary_cross_entropy_with_logits(logits, share, reduction='none')
    seen = logits.sigmoid() * judged
    dice = 1 - (2 * (seen * share).sum((1, 2)) + DICE_FLOOR) / (
        seen.sum((1, 2)) + share.sum((1, 2)) + DICE_FLOOR)
    return (entropy * judged).sum() / judged.sum() + DICE_WEIGHT * dice.mean()


@torch.no_grad()
def mean_iou(network: nn.Module, judged: tuple[np.ndarray, np.ndarray]) -> float:
    """Mean IoU over held-out scenes in which something moves."""
    found = []
    for cues, label in zip(judged[0][:CHECKED], judged[1][:CHECKED], strict=True):
        mask = network(torch.from_numpy(cues.astype(np.float32))[None])[0].numpy() > 0
        truth, counted = (label > FULL / 2) & (label <= FULL), label <= FULL
        if truth.sum() > 20:
            found.append((mask & truth).sum() / max(((mask | truth) & counted).sum(), 1))
    return float(np.mean(found))


def train(args: argparse.Namespace) -> None:
    """Train to the last step.

    Raises:
        S2DInputError: If there is nothing to learn from or to do.
    """
    check_amounts(args.steps, args.batch)
    sets, judged = read_sets(args.data, args.held_out)
    torch.manual_seed(0)
    network, rng = MotionNetwork(), np.random.default_rng(0)
    training = NetworkTraining(network, rng, args.work_dir, args.steps)
    batches = (draw_batch(rng, sets, args.batch) for _ in range(training.done, args.steps))
    training.run((loss_of(network(cues), labels) for cues, labels in batches),
                 lambda: f'IoU {mean_iou(network, judged):.3f} on what is held out')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: train(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
