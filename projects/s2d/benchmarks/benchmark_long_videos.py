"""Memory and speed on videos of several lengths, a process each: does memory grow with length?

Without a checkpoint the model has random weights, whose masks are noisier, and so larger, than
those of a trained one.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmark_decoding import make_video

from s2d_plugins.apis.command_line import quiet_imports, run_tool
from s2d_plugins.errors import S2DInputError

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / 'configs' / 'final' / 'final_small.py'
SIZE = (480, 854)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--lengths', type=int, nargs='+', default=[300, 3000],
                        help='frames of each video; memory is compared with the first')
    parser.add_argument('--config', type=Path, default=CONFIG, help='config of the model')
    parser.add_argument('--checkpoint', type=Path, help='its weights; random ones by default')
    parser.add_argument('--window', default='auto', help='as of infer_video.py')
    parser.add_argument('--video', type=Path, help=argparse.SUPPRESS)  # of the child
    return parser.parse_args()


def segment(args: argparse.Namespace) -> dict:
    """Segment one video in this process, and return what it took."""
    with quiet_imports():
        import torch

        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis import S2DInferencer
        from s2d_plugins.apis.command_line import window_of
        from s2d_plugins.fileio.configs import load_config
        from s2d_plugins.models.loading import build_model
    window = window_of(args.window)
    overlap = dict(overlap=window // 2) if isinstance(window, int) else {}
    with tempfile.TemporaryDirectory() as folder:
        weights = args.checkpoint
        if weights is None:
            torch.manual_seed(0)
            weights = Path(folder, 'random.pth')
            model = build_model(load_config(args.config))
            torch.save(dict(state_dict=model.state_dict()), weights)
        inferencer = S2DInferencer(args.config, weights, 'cpu', window=window, score_thr=0.0,
                                   **overlap)
        start = time.perf_counter()
        tracks = inferencer(args.video, Path(folder, 'out'), save='json')
    return dict(seconds=time.perf_counter() - start, tracks=len(tracks),
                megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(args: argparse.Namespace, video: Path) -> dict:
    """Segment a video in a process of its own."""
    command = [sys.executable, __file__, '--video', str(video), '--config', str(args.config),
               '--window', args.window]
    if args.checkpoint:
        command += ['--checkpoint', str(args.checkpoint)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise S2DInputError(f'the run on {video.name} failed with code {done.returncode}; see '
                            'above')
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    args = parse_args()
    if args.video:
        print(json.dumps(segment(args)))
        return 0
    if min(args.lengths) < 1:
        raise S2DInputError(f'--lengths: expected lengths of at least 1, found {args.lengths}')
    print('| frames | memory, MB | of the first | frames per second | tracks |\n'
          '| ---: | ---: | ---: | ---: | ---: |', flush=True)
    first = None
    for length in args.lengths:
        with tempfile.TemporaryDirectory() as folder:
            video = make_video(Path(folder, f'{length}.mp4'), 'libx264', 'yuv420p', SIZE, length)
            found = measure(args, video)
        first = first or found['megabytes']
        print(f'| {length:,} | {found["megabytes"]:,.0f} | {found["megabytes"] / first:.2f} | '
              f'{length / found["seconds"]:.1f} | {found["tracks"]} |', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(run_tool(main))
