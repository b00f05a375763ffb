"""What training reads: motion by augmentation, and resizing with and without antialiasing."""

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import mmcv
import numpy as np
from clip_motion import augmentation_of, measure_motion

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.video import list_videos, open_video

CONFIG = Path(__file__).parents[3] / 'configs' / '_base_' / 'datasets' / 'video_clips.py'
SIZES = ((720, 1280), (480, 854))
BACKENDS = ('cv2', 'pillow')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--videos', required=True, type=Path,
                        help='videos whose frames are resized')
    parser.add_argument('--frames', type=int, default=8, help='frames of each video')
    parser.add_argument('--short-side', type=int, default=360, help='size to resize to')
    parser.add_argument('--clips', type=int, default=200, help='made clips to measure motion on')
    return parser.parse_args()


def high_energy(image: np.ndarray) -> float:
    """Return the energy of a (H, W, 3) image above half the highest frequency, per pixel."""
    grey = image.mean(axis=2)
    grey -= grey.mean()
    window = np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))
    power = np.abs(np.fft.fft2(grey * window)) ** 2 / grey.size
    rows, columns = (np.abs(np.fft.fftfreq(length)) for length in grey.shape)
    high = np.maximum(rows[:, None], columns[None]) > 0.25
    return float(power[high].sum() / grey.size)


def seconds_of(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the least CPU time of some runs, which other load on the machine hardly changes."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def print_motion(clips: int) -> None:
    pipeline = load_config(CONFIG).train_pipeline
    print('| frames | augmentation | still object | moves, share of the width | clips with it in '
          'every frame |')
    print('|---|---|---|---:|---:|')
    for size, anywhere in itertools.product(SIZES, (False, True)):
        place = 'anywhere' if anywhere else 'in the middle'
        for name, shared in (('anew for each frame', None), ('alike in a clip', True)):
            moved, share = measure_motion(augmentation_of(pipeline, shared), size, clips, anywhere)
            print(f'| {size[1]} x {size[0]} | {name} | {place} | {moved:.0%} | {share:.0%} |')


def print_resizing(videos: Path, count: int, short_side: int) -> None:
    cv2.setNumThreads(1)  # as in a data loader's worker
    print(f'\n| video, to {short_side} pixels | cv2 ms | pillow ms | energy of fine detail, '
          'cv2 : pillow |')
    print('|---|---:|---:|---:|')
    for path in list_videos(videos):
        video = open_video(path)
        chosen = np.linspace(0, len(video) - 1, min(count, len(video))).astype(int)
        frames = [video[int(index)] for index in chosen]
        times, energies = [], []
        for backend in BACKENDS:
            def resize(image, backend=backend):
                return mmcv.imrescale(image, (10 ** 6, short_side), backend=backend)
            times.append(np.mean([seconds_of(lambda i=image: resize(i)) for image in frames]))
            energies.append(np.mean([high_energy(resize(image)) for image in frames]))
        height, width = video.size
        print(f'| {path.name}, {width} x {height} | {times[0] * 1e3:.1f} | {times[1] * 1e3:.1f} | '
              f'{energies[0] / energies[1]:.2f} |')


def main() -> None:
    args = parse_args()
    print_motion(args.clips)
    print_resizing(args.videos, args.frames, args.short_side)


if __name__ == '__main__':
    sys.exit(run_tool(main))
