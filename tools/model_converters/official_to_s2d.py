"""Convert checkpoints of the published implementations to this package, or back with --reverse.

Sources: S2D (student and teacher), VideoCutLER, and CutLER's image Mask2Former, which training
starts from. A checkpoint is converted whole or not at all; optimizer and scheduler states are left
out. See docs/checkpoints.md.

Examples:
    python tools/model_converters/official_to_s2d.py s2d.pth teacher.pth --branch teacher
    python tools/model_converters/official_to_s2d.py cutler_m2f_rn50.pth start.pth --branch both
    python tools/model_converters/official_to_s2d.py iter_32000.pth for_detectron2.pth --reverse
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
    parser.add_argument('--branch', choices=('teacher', 'student', 'both'),
                        help='teacher or student of a distillation as a plain segmenter, or both '
                        'as a distiller, where a plain model becomes both; by default what SRC has')
    parser.add_argument('--to', choices=('video', 'image'),
                        help='write the segmenter as SparseToDenseVideo (the default) or for '
                        "mmdet's image Mask2Former; the tensors are the same")
    parser.add_argument('--reverse', action='store_true',
                        help='from this package to the published implementations')
    parser.add_argument('--encoder-layers', type=int, default=6, metavar='N',
                        help='layers of the pixel decoder; by default 6')
    parser.add_argument('--decoder-layers', type=int, default=9, metavar='N',
                        help='layers of the transformer decoder; by default 9')
    args = parser.parse_args(argv)
    if args.reverse and args.to:
        parser.error('--to does not go with --reverse: the published names are the same for both')
    return args


def convert_checkpoint(args: argparse.Namespace) -> None:
    """Convert and print what was written."""
    with quiet_imports():
        from s2d_plugins.model_converters import Layers, convert_file
    prepare_outputs([args.source], files=[args.target])
    converted = convert_file(args.source, args.target, args.branch, args.reverse,
                             args.to == 'image', Layers(args.encoder_layers, args.decoder_layers))
    sizes = converted.model.sizes
    print(f'{args.target}: {converted.target.name} from {converted.source.name}; '
          f'{converted.model.backbone}, queries: {sizes.queries}, classes: {sizes.logits - 1}')
    if converted.left_out:
        print(f'left out: {", ".join(converted.left_out)}')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: convert_checkpoint(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
