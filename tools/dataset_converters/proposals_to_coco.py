"""Make training data for the image model or the detector of proposals: images and a COCO file.

OUT gets images/VIDEO/00000.jpg, ... and annotations/train.json, as the configs in configs/image
expect in data/image_masks. Frames without masks are left out.

Examples:
    python tools/dataset_converters/proposals_to_coco.py proposals/ --videos videos/ \\
        --out data/image_masks --min-score 0.5 --every 5
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('proposals', type=Path, help='folder of proposals files, VIDEO.json each')
    parser.add_argument('--videos', nargs='+', required=True, type=Path, metavar='PATH',
                        help='video files, folders of frames, or folders of either')
    parser.add_argument('--out', required=True, type=Path, help='folder for images and COCO file')
    parser.add_argument('--min-score', type=float, default=0.0, metavar='SCORE',
                        help='leave out masks with a lower one')
    parser.add_argument('--every', type=int, default=1, metavar='N',
                        help='take every N-th frame; neighbours are much alike')
    parser.add_argument('--lenient', action='store_true',
                        help='leave out faulty videos, name and count them')
    return parser.parse_args(argv)


def make_image_masks(args: argparse.Namespace) -> int:
    """Write the data set; returns the exit code."""
    with quiet_imports():
        from s2d_plugins.arguments import check_count, check_share
        from s2d_plugins.dataset_converters.image_masks import MaskedVideo, write_image_masks
        from s2d_plugins.fileio.whole_files import clean_partials
        from s2d_plugins.proposals.video_jobs import list_jobs
    check_share('proposals_to_coco', **{'--min-score': args.min_score})
    check_count('proposals_to_coco', **{'--every': args.every})
    prepare_outputs([args.proposals, *args.videos], folders=[args.out])
    clean_partials(args.out / 'images', args.out / 'annotations')
    videos = [MaskedVideo(job.name, job.video, job.target)
              for job in list_jobs(args.videos, args.proposals)]
    counts, faults = write_image_masks(videos, args.out, args.min_score, args.every, args.lenient)
    for fault in faults:
        print(f'left out: {fault}', file=sys.stderr)
    print(f'{args.out}: {counts["images"]} images with {counts["masks"]} masks')
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: make_image_masks(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
