"""Propose object masks for every frame of videos; one proposals file per video.

Example:
    python tools/propose_masks.py --videos videos/ --out proposals/
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--videos', nargs='+', required=True, type=Path, metavar='PATH',
                        help='video files, folders of frames, or folders of either')
    parser.add_argument('--out', required=True, type=Path, help='folder for the proposals files')
    parser.add_argument('--config', type=Path,
                        help='config whose `proposer` is used; by default MotionColorProposer')
    parser.add_argument('--overwrite', action='store_true',
                        help='make files again that exist; by default they are kept')
    return parser.parse_args(argv)


def propose_masks(args: argparse.Namespace) -> None:
    """Write the proposals of every video that has none yet."""
    from tqdm import tqdm

    from s2d_plugins.labels.proposals_file import write_proposals
    from s2d_plugins.proposals.build import build_proposer
    from s2d_plugins.video import list_videos, open_video, video_names
    paths = [path for given in args.videos for path in list_videos(given)]
    proposer = build_proposer(args.config)
    written = 0
    for path, name in zip(paths, video_names(paths), strict=True):
        target = args.out / f'{name}.json'
        if target.exists() and not args.overwrite:
            continue
        video = open_video(path, name)
        with tqdm(total=len(video), unit=' frames', desc=name) as bar:
            frames = proposer.propose(video, lambda done, total, bar=bar: bar.update(done - bar.n))
        write_proposals(target, name, video.size, frames)
        written += 1
    print(f'{written} proposals files written to {args.out}, {len(paths) - written} kept')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: propose_masks(args),
                    'interrupted; the same command goes on after the last finished video')


if __name__ == '__main__':
    sys.exit(main())
