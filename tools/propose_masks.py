"""Propose object masks for every frame of videos; one proposals file per video.

Example:
    python tools/propose_masks.py --videos videos/ --out proposals/
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import Failures, prepare_outputs, run_tool
from s2d_plugins.errors import one_line


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
                        help='make all files again; by default those that still hold are kept')
    return parser.parse_args(argv)


def propose_masks(args: argparse.Namespace) -> int:
    """Write the proposals of every video that has none that hold; returns the exit code."""
    from tqdm import tqdm

    from s2d_plugins.fileio.named_files import named_paths, read_for_all, read_for_one
    from s2d_plugins.fileio.stamps import Review, make_stamp
    from s2d_plugins.labels.proposals_file import write_proposals
    from s2d_plugins.proposals.build import build_proposer, proposer_settings
    from s2d_plugins.video import list_videos, open_video, source_stamp, video_names
    settings, proposer = proposer_settings(args.config), build_proposer(args.config)
    paths = [path for given in args.videos for path in list_videos(given)]
    names = video_names(paths)
    targets = [args.out / f'{name}.json' for name in names]
    read = named_paths(settings)
    prepare_outputs([args.config, *args.videos, *read], folders=[args.out],
                    files={*targets} & {args.out / path.name for path in read})
    shared = read_for_all(settings)
    review, failures = Review(), Failures(len(paths), args.out / '.failures')
    written = 0
    for path, name, target in zip(paths, names, targets, strict=True):
        def stamp(path=path, name=name):
            files = [*shared, *read_for_one(settings, name)]
            return make_stamp(video=source_stamp(path), settings=settings,
                              **(dict(files=files) if files else {}))

        with failures.contained(name):
            if target.exists() and not args.overwrite:
                if review.holds(name, target, stamp):
                    continue
                print(one_line(f'{name}: {review.reason(name)}'))
            made_from, video = stamp(), open_video(path, name)
            with tqdm(total=len(video), unit=' frames', desc=one_line(name)) as bar:
                frames = proposer.propose(video, lambda done, total, bar=bar: bar.update(
                    done - bar.n))
            write_proposals(target, name, video.size, frames, made_from)
            written += 1
    print(f'{written} proposals files written to {args.out}, '
          f'{len(paths) - written - len(failures.reasons)} kept')
    for line in review.unmarked_lines():
        print(one_line(line))
    return failures.exit_code()


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 if a video failed or the input is bad."""
    return run_tool(lambda: propose_masks(parse_args(argv)),
                    'interrupted; the same command goes on after the last finished video')


if __name__ == '__main__':
    sys.exit(main())
