"""Convert detectron2 checkpoints of CutLER's and CutS3D's detector to mmdet, or back (--reverse).

The detector is a class-agnostic Cascade Mask R-CNN (ResNet with FPN). A checkpoint is converted
whole or not at all; optimizer and scheduler states are left out. See docs/checkpoints.md.

Examples:
    python tools/model_converters/cutler_to_mmdet.py cutler_cascade_final.pth \\
        checkpoints/cutler_cascade-mask-rcnn_r50_fpn.pth
    python tools/model_converters/cutler_to_mmdet.py iter_160000.pth for_detectron2.pth --reverse
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='SRC', help='checkpoint to read')
    parser.add_argument('target', type=Path, metavar='DST', help='checkpoint to write')
    parser.add_argument('--reverse', action='store_true', help='from mmdet to detectron2')
    return parser.parse_args(argv)


def convert_checkpoint(args: argparse.Namespace) -> None:
    """Convert and print what was written."""
    with quiet_imports():
        from s2d_plugins.model_converters import convert_cascade_file
    prepare_outputs([args.source], files=[args.target])
    converted = convert_cascade_file(args.source, args.target, args.reverse)
    print(f'{args.target}: Cascade Mask R-CNN for {"detectron2" if args.reverse else "mmdet"}; '
          f'{converted.backbone}, classes: {converted.sizes.classes}')
    if converted.left_out:
        print(f'left out: {", ".join(converted.left_out)}')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: convert_checkpoint(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
