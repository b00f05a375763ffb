"""Train the network that draws outlines, on the sets of make_outlines.py.

Stopped, it goes on from its last checkpoint. The shipped weights; set 3000 is held out:

    python projects/s2d/starter/train_outline_network.py data/outlines --work-dir work_dirs/ol \\
        --bfloat16
    python projects/s2d/starter/export_weights.py work_dirs/ol/last.pth \\
        s2d_plugins/weights/outline_small.pth
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from network_training import NetworkTraining, check_amounts
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.proposals.motion_network import MotionNetwork
from s2d_plugins.proposals.outline_cues import CELLS, GAPS, NUM_CUES, OutlineCrop, outline_cues

#: Gaps (positions in GAPS) that a step sees: a clip's ends have neighbours on one side only.
GAP_CHOICES = ((0, 1, 2, 3), (0, 1, 2, 3), (1, 2), (0, 3), (2, 3), (0, 1), (1, 3), (0, 2))
DICE_FLOOR, CHECKED = 50, 100

Samples = dict[str, np.ndarray]


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path, help='folder of the sets')
    parser.add_argument('--work-dir', required=True, type=Path, metavar='DIR',
                        help='gets last.pth')
    parser.add_argument('--held-out', default='3000', metavar='NUMBER',
                        help='set that is not learnt from; 3000 by default')
    parser.add_argument('--steps', type=int, default=3000, help='3000 by default')
    parser.add_argument('--bfloat16', action='store_true',
                        help='faster by a third on CPUs that calculate with it')
    parser.add_argument('--batch', type=int, default=8, help='crops a step; 8 by default')
    return parser.parse_args(argv)


def read_sets(folder: Path, held_out: str) -> tuple[list[Samples], Samples]:
    """Read all sets and the one that is held out.

    Raises:
        S2DInputError: If there are none, or not that one.
    """
    sets = {}
    for path in sorted(folder.glob('*.npz')):
        with np.load(path, allow_pickle=False) as content:
            sets[path.stem] = {key: content[key] for key in content.files}
    if held_out not in sets or len(sets) < 2:
        raise S2DInputError(f'{folder}: expected at least two sets of make_outlines.py with '
                            f'{held_out}.npz among them, found {", ".join(sets) or "none"}')
    judged = sets.pop(held_out)
    return list(sets.values()), judged


def coarse_mask(rng: Generator, label: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Spoil a mask as proposers and small models do: no limbs, wrong outlines, parts, shadows.

    Args:
        rng: Source of randomness.
        label: (C, C) share that the thing covers, 0 to 1.
        seen: (C, C) what the motion network sees, 0 to 1.

    Returns:
        (C, C) 0 or 1; what a thing has at least is a tenth of itself.
    """
    truth = label > 0.5
    mask = truth
    if rng.random() < 0.45:
        blurred = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.5, 3))
        near = cv2.dilate(np.uint8(truth), np.ones((15, 15), np.uint8)) > 0
        mask = (blurred > rng.uniform(0.25, 0.7)) & near
    elif rng.random() < 0.75:
        radius = int(rng.uniform(0, 0.22) * np.sqrt(truth.sum()))
        mask = cv2.morphologyEx(np.uint8(truth), cv2.MORPH_OPEN, _disc(radius)) > 0
    if mask.any() and rng.random() < 0.7:
        soft = cv2.GaussianBlur(np.float32(mask), (0, 0), rng.uniform(1, 7))
        coarse = rng.normal(0, 1, (int(rng.integers(3, 14)),) * 2).astype(np.float32)
        rough = cv2.resize(coarse, (CELLS, CELLS), interpolation=cv2.INTER_CUBIC)
        mask = soft + rough * rng.uniform(0, 0.2) > rng.uniform(0.3, 0.7)
    if rng.random() < 0.2:
        angle, (rows, columns) = rng.uniform(0, 6.28), np.nonzero(truth)
        away = (np.cos(angle) * (np.arange(CELLS)[None] - columns.mean())
                + np.sin(angle) * (np.arange(CELLS)[:, None] - rows.mean()))
        mask = mask & (away < np.quantile(away[truth], rng.uniform(0.6, 0.95)))
    if rng.random() < 0.25:
        mask = mask | _beside(rng, truth)
    if (mask & truth).sum() < 0.1 * truth.sum() or mask.sum() < 12:
        mask = truth
    return np.float32(mask)


def _beside(rng: Generator, truth: np.ndarray) -> np.ndarray:
    """Draw an ellipse over some place on the outline: a shadow, a wake, a neighbour."""
    edge = np.argwhere(truth ^ (cv2.erode(np.uint8(truth), np.ones((3, 3), np.uint8)) > 0))
    row, column = edge[rng.integers(len(edge))]
    size = np.sqrt(truth.sum())
    drawn = np.zeros(truth.shape, np.uint8)
    axes = tuple(int(max(2, size * rng.uniform(0.1, 0.5))) for _ in range(2))
    cv2.ellipse(drawn, (int(column), int(row)), axes, rng.uniform(0, 180), 0, 360, 1, -1)
    return drawn > 0


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)


def draw(rng: Generator, some: Samples, place: int, gaps: tuple[int, ...]
         ) -> tuple[np.ndarray, np.ndarray]:
    """Draw one crop, mirrored, turned in time or recoloured; cues and label, 0 to 1."""
    image, label, seen = some['image'][place], some['label'][place], some['seen'][place]
    flows, errors = some['flows'][place].astype(np.float32), some['errors'][place]
    if rng.random() < 0.5:
        image, label, seen = image[:, ::-1], label[:, ::-1], seen[:, ::-1]
        flows, errors = flows[:, :, ::-1] * np.float32([-1, 1]), errors[:, :, ::-1]
    if rng.random() < 0.3:
        image = 255 - image
    image = np.ascontiguousarray(image[..., rng.permutation(3)])
    label = np.float32(label) / 255
    mask = coarse_mask(rng, label, np.float32(seen) / 255)
    crop = OutlineCrop(image, flows[list(gaps)], errors[list(gaps)], [GAPS[gap] for gap in gaps])
    return outline_cues(crop, mask), label


class Batches(torch.utils.data.IterableDataset):
    """Endless batches; each is made from the seed and its number."""

    def __init__(self, sets: list[Samples], batch: int, first: int, last: int):
        super().__init__()
        self.sets, self.batch, self.first, self.last = sets, batch, first, last

    def __iter__(self):
        """Yield (cues, labels) of the steps from first to last."""
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        skip, every = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in range(self.first + skip, self.last + 1, every):
            rng = np.random.default_rng([0, step])
            gaps = GAP_CHOICES[rng.integers(len(GAP_CHOICES))]
            pairs = []
            for _ in range(self.batch):
                some = self.sets[rng.integers(len(self.sets))]
                pairs.append(draw(rng, some, int(rng.integers(len(some['label']))), gaps))
            yield tuple(torch.from_numpy(np.stack(part)) for part in zip(*pairs, strict=True))


def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over cells and each crop's dice loss."""
    entropy = functional.binary_cross_entropy_with_logits(logits, labels)
    seen = logits.sigmoid()
    dice = 1 - (2 * (seen * labels).sum((1, 2)) + DICE_FLOOR) / (
        seen.sum((1, 2)) + labels.sum((1, 2)) + DICE_FLOOR)
    return entropy + dice.mean()


@torch.no_grad()
def mean_iou(network: nn.Module, judged: Samples) -> tuple[float, float]:
    """Mean IoU of the coarse masks of held-out crops, and of the network's."""
    found = []
    for place in range(min(CHECKED, len(judged['label']))):
        cues, label = draw(np.random.default_rng(place), judged, place, (0, 1, 2, 3))
        truth = label > 0.5
        masks = cues[0, -2] > 0.5, network(torch.from_numpy(cues)[None])[0].numpy() > 0
        found.append([(mask & truth).sum() / max((mask | truth).sum(), 1) for mask in masks])
    return tuple(np.mean(found, axis=0))


def train(args: argparse.Namespace) -> None:
    """Train to the last step.

    Raises:
        S2DInputError: If there is nothing to learn from or to do.
    """
    check_amounts(args.steps, args.batch)
    sets, judged = read_sets(args.data, args.held_out)
    torch.manual_seed(0)
    network = MotionNetwork(cues=NUM_CUES)
    training = NetworkTraining(network, np.random.default_rng(0), args.work_dir, args.steps)
    batches = torch.utils.data.DataLoader(
        Batches(sets, args.batch, training.done + 1, args.steps), batch_size=None, num_workers=1,
        prefetch_factor=4)

    def losses() -> Iterator[Tensor]:
        for cues, labels in batches:
            with torch.autocast('cpu', torch.bfloat16, enabled=args.bfloat16):
                logits = network(cues)
            yield loss_of(logits.float(), labels)

    def judge() -> str:
        before, after = mean_iou(network, judged)
        return f'IoU {after:.3f} on what is held out, {before:.3f} of the coarse masks'

    training.run(losses(), judge)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: train(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
