"""How pure are keymasks, compared with the proposals they come from?

Takes true masks (DAVIS 2016 layout, or made worlds with known motion), spoils them into noisy
proposals as a single-frame segmenter would give, runs discovery and reports, before and after:

* purity: share of masks whose IoU with one true object is at least 0.75;
* coverage: share of the (object, frame) pairs in which the object is seen that get such a mask.

    python projects/s2d/benchmarks/keymask_purity.py --davis data/davis16
    python projects/s2d/benchmarks/keymask_purity.py --worlds 20
    python projects/s2d/benchmarks/keymask_purity.py --davis data/davis16 --set match_eps=0.2
"""

import argparse
import ast
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from davis_data import find_data

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.fileio.folders import by_stem, list_images, list_masks
from s2d_plugins.fileio.images import read_image
from s2d_plugins.labels.indexed_png import read_indexed_png

ROOT = Path(__file__).resolve().parents[3]
PURE_IOU = 0.75


def spoil(truth, rng):
    """Turn true masks into 3 to 6 noisy, overlapping proposals per frame.

    Args:
        truth: Per frame a list of bool masks (H, W), one per object; may be empty arrays.
        rng: NumPy random generator.

    Returns:
        Per frame a list of bool masks. Errors are independent between frames.
    """
    size = truth[0][0].shape
    proposals = []
    for objects in truth:
        masks = []
        for mask in objects:
            if mask.any():
                masks += _spoiled_versions(mask, rng)
        for _ in range(rng.integers(1, 4)):
            masks.append(_blob(size, rng))
        while len(masks) < 3:
            masks.append(_blob(size, rng))
        proposals.append([masks[i] for i in rng.permutation(len(masks))[:6] if masks[i].any()])
    return proposals


def _spoiled_versions(mask, rng):
    """One object in one frame: missing, good, ragged, halved or joined; sometimes twice."""
    versions = []
    for chance in (0.85, 0.35):
        if rng.random() > chance:
            continue
        kind = rng.choice(['good', 'grown', 'shrunk', 'half', 'joined'],
                          p=[0.45, 0.15, 0.15, 0.15, 0.1])
        versions.append(_SPOILS[kind](mask, rng))
    return versions


def _morph(mask, rng, operation, most):
    reach = max(3, int(np.sqrt(mask.sum()) * rng.uniform(0.02, most))) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return operation(mask.astype(np.uint8), kernel).astype(bool)


def _half(mask, rng):
    axis = int(rng.integers(2))
    lines = np.flatnonzero(mask.any(axis=1 - axis))
    cut = lines[int(len(lines) * rng.uniform(0.35, 0.65))]
    kept = np.arange(mask.shape[axis]) < cut
    if rng.random() < 0.5:
        kept = ~kept
    return mask & (kept[:, None] if axis == 0 else kept[None, :])


_SPOILS = {
    'good': lambda mask, rng: _morph(mask, rng, cv2.dilate, 0.05),
    'grown': lambda mask, rng: _morph(mask, rng, cv2.dilate, 0.4),
    'shrunk': lambda mask, rng: _morph(mask, rng, cv2.erode, 0.3),
    'half': _half,
    'joined': lambda mask, rng: mask | _blob(mask.shape, rng, np.argwhere(mask)[0][::-1]),
}


def _blob(size, rng, near=None):
    """A spurious ellipse."""
    height, width = size
    centre = near if near is not None else (rng.integers(width), rng.integers(height))
    axes = (int(width * rng.uniform(0.05, 0.18)), int(height * rng.uniform(0.06, 0.25)))
    canvas = np.zeros(size, np.uint8)
    cv2.ellipse(canvas, tuple(int(c) for c in centre), axes, float(rng.uniform(0, 180)), 0, 360,
                1, -1)
    return canvas.astype(bool)


def best_ious(masks, objects):
    """IoU of each mask with each object: (n, k)."""
    ious = np.zeros((len(masks), len(objects)))
    for i, mask in enumerate(masks):
        for k, true in enumerate(objects):
            union = np.count_nonzero(mask | true)
            ious[i, k] = np.count_nonzero(mask & true) / union if union else 0
    return ious


def measure(proposals, truth, instances):
    """Count pure masks and covered (object, frame) pairs before and after discovery."""
    counts = {key: 0 for key in ('masks', 'pure', 'keymasks', 'pure_keymasks', 'pairs',
                                 'covered', 'covered_after')}
    for frame, (masks, objects) in enumerate(zip(proposals, truth, strict=True)):
        ious = best_ious(masks, objects)
        chosen = [i.masks[frame] for i in instances if frame in i.masks]
        pure = ious.max(axis=1, initial=0) >= PURE_IOU
        counts['masks'] += len(masks)
        counts['pure'] += int(pure.sum())
        counts['keymasks'] += len(chosen)
        counts['pure_keymasks'] += int(pure[chosen].sum())
        for k, true in enumerate(objects):
            if true.any():
                counts['pairs'] += 1
                counts['covered'] += bool((ious[:, k] >= PURE_IOU).any())
                counts['covered_after'] += bool((ious[chosen, k] >= PURE_IOU).any())
    counts['instances'] = len(instances)
    return counts


def report_line(name, counts, seconds):
    """One line of the table."""
    def percent(part, whole):
        return f'{100 * part / whole:5.1f}' if whole else '    -'
    return (f'{name:18s} {counts["masks"]:6d} {percent(counts["pure"], counts["masks"])} '
            f'{percent(counts["covered"], counts["pairs"])} | {counts["instances"]:4d} '
            f'{counts["keymasks"]:6d} {percent(counts["pure_keymasks"], counts["keymasks"])} '
            f'{percent(counts["covered_after"], counts["pairs"])} | {seconds:6.1f}')


HEADER = ('video               masks  pure cover | inst keymsk  pure cover | seconds\n'
          '                          (before)    |       (after discovery)   |')


def davis_videos(root, limit):
    """Yield (name, frames, truth) of a DAVIS folder."""
    data = find_data(root, '480p')
    for name in data.sequences[:limit]:
        files = list_images(data.frames / name)
        masks = by_stem(list_masks(data.annotations / name))
        truth = [[read_indexed_png(masks[file.stem]) > 0] for file in files]
        yield name, [read_image(file) for file in files], truth


def made_worlds(count):
    """Yield (name, frames, truth, proposals, prior) of the tests' small worlds, exact tracks."""

    from small_worlds import WorldPrior, noisy_proposals, random_world
    for seed in range(count):
        rng = np.random.default_rng(seed)
        world = random_world(rng, length=20)
        truth = [[owner == number for number in range(len(world.objects))]
                 for owner in world.owner]
        yield f'world {seed}', world.frames, truth, noisy_proposals(world, rng), WorldPrior(world)


def report(args):
    """Print the table."""
    from s2d_plugins.keymasks import KeymaskDiscovery
    options = values(args.set)
    prior = {'type': args.prior, **values(args.prior_set)}
    if args.davis:
        videos = ((name, frames, truth, spoil(truth, np.random.default_rng(args.seed)), prior)
                  for name, frames, truth in davis_videos(args.davis, args.limit))
    else:
        videos = made_worlds(args.worlds)
    print(HEADER)
    total, seconds = {}, 0.0
    for name, frames, truth, proposals, tracker in videos:
        started = time.perf_counter()
        instances = KeymaskDiscovery(tracker, **options).discover(frames, proposals)
        spent = time.perf_counter() - started
        counts = measure(proposals, truth, instances)
        print(report_line(name, counts, spent), flush=True)
        total = {key: total.get(key, 0) + value for key, value in counts.items()}
        seconds += spent
    print(report_line('all', total, seconds))


def values(pairs):
    """Read NAME=VALUE options; values are Python literals."""
    return {pair.split('=', 1)[0]: ast.literal_eval(pair.split('=', 1)[1]) for pair in pairs}


def main(argv=None):
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--davis', type=Path, help='folder of DAVIS 2016 (480p)')
    source.add_argument('--worlds', type=int, help='number of made worlds, with exact tracks')
    parser.add_argument('--limit', type=int, help='at most this many sequences of DAVIS')
    parser.add_argument('--seed', type=int, default=0, help='of the spoiling')
    parser.add_argument('--prior', default='OpenCVFlowPrior', help='motion prior for DAVIS')
    parser.add_argument('--set', nargs='*', default=[], metavar='NAME=VALUE',
                        help='arguments of KeymaskDiscovery')
    parser.add_argument('--prior-set', nargs='*', default=[], metavar='NAME=VALUE',
                        help='arguments of the prior')
    args = parser.parse_args(argv)
    return run_tool(lambda: report(args))


if __name__ == '__main__':
    sys.exit(main())
