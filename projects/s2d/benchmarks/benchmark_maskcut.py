"""MaskCut: seconds per frame and masks, by the published dense solver and by ours."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.proposals.features import MotionColorFeatures
from s2d_plugins.proposals.mask_candidates import overlap
from s2d_plugins.proposals.maskcut import MaskCut, mask_cut, maskcut
from s2d_plugins.proposals.maskcut.patch_graph import WEAK
from s2d_plugins.proposals.maskcut.second_eigenvector import Cut
from s2d_plugins.video import list_videos, open_video


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--videos', type=Path,
                        help='take the weight-free features of these, not made ones')
    parser.add_argument('--side', type=int, default=60, help='patches per row and column')
    parser.add_argument('--frames', type=int, default=6, help='neighbouring frames per clip')
    parser.add_argument('--dense-frames', type=int, default=1,
                        help='frames at the end of a clip that the dense solver has to solve too')
    return parser.parse_args()


def made_features(side: int, length: int, channels: int = 64, seed: int = 0) -> np.ndarray:
    """Make (T, D, side, side) features of three objects that move over a varied background."""
    rng = np.random.default_rng(seed)
    kinds = rng.standard_normal((4, channels))
    texture = np.stack([cv2.GaussianBlur(rng.standard_normal((side, side)), (0, 0), side / 12)
                        for _ in range(channels)])
    texture *= 0.8 / texture.std()
    rows, columns = np.mgrid[:side, :side] / side
    clip = []
    for time_step in range(length):
        labels = np.zeros((side, side), int)
        for kind, (row, column, radius) in enumerate(
                [(0.3, 0.25, 0.17), (0.65, 0.6, 0.2), (0.25, 0.75, 0.12)], 1):
            moved = column + 0.01 * time_step
            labels[(rows - row) ** 2 + (columns - moved) ** 2 < radius ** 2] = kind
        noise = 0.6 * rng.standard_normal((channels, side, side))
        clip.append(np.moveaxis(kinds[labels], -1, 0) + texture + noise)
    return np.array(clip, np.float32)


def clips(args: argparse.Namespace) -> Iterator[tuple[str, np.ndarray]]:
    """Yield names and features (T, D, side, side)."""
    if args.videos is None:
        yield 'made', made_features(args.side, args.frames)
        return
    extractor = MotionColorFeatures(grid=(args.side, args.side),
                                    motion=dict(type='ResidualMotion'))
    for path in list_videos(args.videos):
        video = open_video(path)
        frames = [video[index] for index in range(min(args.frames, len(video)))]
        yield path.name, np.array(list(extractor.extract(frames)))


def dense_cut(features: np.ndarray) -> MaskCut:
    """Cut one frame (D, rows, columns) with scipy's dense solver of the published problem."""
    def whole_graph(alike, left):
        return np.where(alike * np.outer(left, left) > 0, 1, WEAK)

    def dense_solver(whole, start):
        degrees = whole.sum(axis=1)
        values, vectors = eigh(np.diag(degrees) - whole, np.diag(degrees), subset_by_index=[1, 2])
        return Cut(vectors[:, 0] / np.linalg.norm(vectors[:, 0]), values[0], vectors)

    with mock.patch.object(mask_cut, 'patch_graph', whole_graph), mock.patch.object(
            mask_cut, 'second_eigenvector', dense_solver):
        return our_cut(features)


def our_cut(features: np.ndarray, starts: Sequence[np.ndarray | None] = ()) -> MaskCut:
    """Cut one frame (D, rows, columns) with our solver."""
    return maskcut(features.reshape(len(features), -1), features.shape[1:], starts=starts)


def least_iou(cut: MaskCut, other: MaskCut) -> float:
    """Return the least IoU of the masks of two cuts; two empty masks agree."""
    return min(overlap(ours, theirs) if (ours | theirs).any() else 1.0
               for ours, theirs in zip(cut.masks, other.masks, strict=True))


def measure(clip: np.ndarray, dense_frames: int) -> tuple[list[float], float]:
    """Return seconds per frame (dense, from nothing, from the neighbour), and the least IoU."""
    seconds: list[list[float]] = [[], [], []]
    ious, before = [], our_cut(clip[0])
    for index, features in enumerate(clip[1:], 1):
        start = time.perf_counter()
        cold = our_cut(features)
        middle = time.perf_counter()
        before = our_cut(features, before.starts)
        end = time.perf_counter()
        seconds[1].append(middle - start)
        seconds[2].append(end - middle)
        if index >= len(clip) - dense_frames:
            dense = dense_cut(features)
            seconds[0].append(time.perf_counter() - end)
            ious += [least_iou(cold, dense), least_iou(before, dense)]
    return [float(np.mean(times)) for times in seconds], min(ious)


def main() -> None:
    args = parse_args()
    print('| clip | dense s | from nothing s | from the neighbour s | dense : neighbour | '
          'least IoU of a mask |')
    print('|---|---:|---:|---:|---:|---:|')
    with threadpool_limits(1):
        for name, clip in clips(args):
            (dense, cold, warm), iou = measure(clip, args.dense_frames)
            print(f'| {name} | {dense:.2f} | {cold:.3f} | {warm:.3f} | {dense / warm:.0f} | '
                  f'{iou:.3f} |', flush=True)


if __name__ == '__main__':
    sys.exit(run_tool(main))
