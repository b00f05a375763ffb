"""The mask losses on the logit grid against the published ones on sampled points.

Made masks: ellipses whose logits rise evenly across the outline (slope: logits a cell), predicted a
little beside the truth. The published loss draws 480,000 points a frame, keeps the 120,000 most
uncertain and 40,000 others; ours weighs the points of a grid, which moves by whole input pixels
from call to call (``fixed``: it stays at the cells' centres).

    python projects/s2d/benchmarks/grid_loss.py --repeats 16
"""

import argparse
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.models.utils import get_uncertain_point_coords_with_randomness

import s2d_plugins.registry  # noqa: F401, I001  makes the ops of mmcv importable
from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.models.point_weights import (
    draw_place,
    importance_weights,
    logits_at,
    sample_points,
)
from s2d_plugins.models.weighted_dice_loss import weighted_dice

STRIDE = 4
POINTS = 160_000
SLOPES = (1, 2, 4, 8)


def made_masks(frames: int, size: tuple[int, int], slope: float, seed: int):
    """Logits (R, h, w) on the grid and targets (R, 4 h, 4 w) of moved ellipses."""
    rng = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[:height, :width] + 0.5
    fine_y, fine_x = (np.mgrid[:height * STRIDE, :width * STRIDE] + 0.5) / STRIDE
    logits, targets = [], []
    for _ in range(frames):
        middle = rng.uniform(0.3, 0.7, 2) * size
        radii = rng.uniform(0.1, 0.3, 2) * height
        moved = middle + rng.uniform(-2, 2, 2)

        def distance(rows, columns, centre, radii=radii):
            scaled = np.hypot((rows - centre[0]) / radii[0], (columns - centre[1]) / radii[1])
            return (1 - scaled) * radii.mean()  # in cells, near the outline

        # level off at 20 without ties: which of equal cells are the most uncertain is chance
        logits.append(20 * np.tanh(slope * distance(y, x, moved) / 20))
        targets.append(distance(fine_y, fine_x, middle) > 0)
    return (torch.tensor(np.array(logits), dtype=torch.float32),
            torch.tensor(np.array(targets), dtype=torch.float32))


def losses(logits, targets, weights=None) -> np.ndarray:
    """Mask and dice loss of (R, P) values, summed over frames."""
    bce = F.binary_cross_entropy_with_logits(logits, targets, weights, reduction='sum') / POINTS
    return np.array([bce.item(), weighted_dice(logits, targets, weights).sum().item()])


def published(logits, targets) -> np.ndarray:
    """On points drawn as the authors draw them."""
    points = get_uncertain_point_coords_with_randomness(logits[:, None], None, POINTS, 3.0, 0.75)
    return losses(sample_points(logits, points), sample_points(targets, points))


def on_grid(logits, targets, moving: bool) -> np.ndarray:
    """On the grid, at the cells' centres or moved."""
    if moving:
        row, column = draw_place((STRIDE, STRIDE))
        values = logits_at(logits, (row, column), (STRIDE, STRIDE))
        truth = targets[:, row::STRIDE, column::STRIDE]
    else:
        values, truth = logits, F.interpolate(targets[None], logits.shape[-2:], mode='area')[0]
    values, truth = values.flatten(1), truth.flatten(1)
    return losses(values, truth, importance_weights(values, POINTS, 3.0, 0.75))


def measure(args: argparse.Namespace) -> None:
    """Print the differences and the times."""
    torch.manual_seed(0)
    ways = dict(published=published, fixed=lambda *pair: on_grid(*pair, False),
                moving=lambda *pair: on_grid(*pair, True))
    print('slope | fixed mask, dice | moving mask, dice (per cent of the published) | '
          'seconds published, fixed, moving')
    for slope in SLOPES:
        pair = made_masks(args.frames, tuple(args.size), slope, seed=slope)
        means, seconds = {}, {}
        for name, way in ways.items():
            start = time.perf_counter()
            means[name] = np.mean([way(*pair) for _ in range(args.repeats)], axis=0)
            seconds[name] = (time.perf_counter() - start) / args.repeats
        change = {name: 100 * (means[name] / means['published'] - 1) for name in ways}
        print(f'{slope:5} | {change["fixed"][0]:+.1f}, {change["fixed"][1]:+.1f} | '
              f'{change["moving"][0]:+.1f}, {change["moving"][1]:+.1f} | '
              + ', '.join(f'{seconds[name]:.3f}' for name in ways), flush=True)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', type=int, default=12)
    parser.add_argument('--size', type=int, nargs=2, default=(90, 160))
    parser.add_argument('--repeats', type=int, default=16)
    args = parser.parse_args(argv)
    return run_tool(lambda: measure(args))


if __name__ == '__main__':
    sys.exit(main())
