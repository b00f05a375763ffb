"""End-point error of DIS flow and of an mmflow checkpoint on made motion of held-out frames.

Example:
    python tools/analysis_tools/flow_error.py --videos videos/ \\
        --config configs/motion/raft_small_warps.py --checkpoint work_dirs/.../iter_1000.pth
"""

import argparse
import sys
import time

from s2d_plugins.apis.command_line import run_tool


def endpoint_errors(prior, pairs):
    """Mean end-point error in pixels of each pair, and seconds per pair (flow both ways)."""
    import numpy as np
    errors, seconds = [], 0.0
    for first, second, flow in pairs:
        frames = np.stack([first, second])[..., ::-1]
        started = time.perf_counter()
        forward, _ = next(iter(prior.flows(frames)))
        seconds += time.perf_counter() - started
        errors.append(np.linalg.norm(forward - flow, axis=2).mean())
    return np.array(errors), seconds / len(errors)


def compare(args: argparse.Namespace) -> None:
    """Print one line per method."""
    import numpy as np

    from s2d_plugins.motion import MMFlowPrior, OpenCVFlowPrior
    from s2d_plugins.motion.warped_frames import WarpedFrames
    data = WarpedFrames(args.videos, length=args.pairs, seed=0, held_out=True)
    pairs = [data.pair(np.random.default_rng((0, index))) for index in range(args.pairs)]
    priors = {f'DIS {preset}': OpenCVFlowPrior(preset=preset, max_size=None)
              for preset in ('fast', 'medium')}
    if args.checkpoint:
        priors[args.checkpoint] = MMFlowPrior(args.config, args.checkpoint, max_size=None)
    large = np.array([np.linalg.norm(flow, axis=2).mean() > 6 for _, _, flow in pairs])
    print(f'{len(pairs)} pairs, {large.sum()} with a mean motion above 6 pixels')
    zero = np.array([np.linalg.norm(flow, axis=2).mean() for _, _, flow in pairs])
    print(f'{"no motion":30s} EPE {zero.mean():6.3f}, above 6 pixels {zero[large].mean():6.3f}')
    for name, prior in priors.items():
        errors, seconds = endpoint_errors(prior, pairs)
        print(f'{name[-30:]:30s} EPE {errors.mean():6.3f}, above 6 pixels '
              f'{errors[large].mean():6.3f}, {seconds:.3f} s a pair')


def main(argv: list[str] | None = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--videos', required=True, help='folder of videos')
    parser.add_argument('--pairs', type=int, default=100)
    parser.add_argument('--config', help='mmflow config of the checkpoint')
    parser.add_argument('--checkpoint', help='weights to compare with DIS')
    args = parser.parse_args(argv)
    return run_tool(lambda: compare(args))


if __name__ == '__main__':
    sys.exit(main())
