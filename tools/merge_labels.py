"""Merge the label files of many videos to one YouTube-VIS JSON, with filters and statistics.

Example:
    python tools/merge_labels.py keymasks/ --out keymasks.json --max-one2x 0.5 --min-keymasks 5
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('labels', type=Path, help='folder with one label file per video')
    parser.add_argument('--out', required=True, type=Path, help='file to write')
    parser.add_argument('--max-one2x', type=float, default=1.0, metavar='SHARE',
                        help='leave out instances with a larger share of masks that seem to join '
                        'several objects; by default all stay')
    parser.add_argument('--min-keymasks', type=int, default=1, metavar='N',
                        help='leave out instances with fewer keymasks')
    parser.add_argument('--statistics', type=Path, metavar='FILE',
                        help='where statistics go; by default OUT with the suffix .stats.json')
    return parser.parse_args(argv)


def merge_labels(args: argparse.Namespace) -> None:
    """Merge, and write and print statistics."""
    from s2d_plugins.errors import S2DInputError
    from s2d_plugins.fileio.whole_files import write_json
    from s2d_plugins.labels.merging import merge_label_files
    paths = sorted(path for path in args.labels.glob('*.json')
                   if not path.name.startswith('.') and path.resolve() != args.out.resolve()
                   and not path.name.endswith('.stats.json'))
    if not paths:
        raise S2DInputError(f'expected label files (*.json) in {args.labels}, found none; make '
                            'them with tools/discover_keymasks.py')
    statistics = merge_label_files(paths, args.out, args.max_one2x, args.min_keymasks).as_dict()
    write_json(args.statistics or args.out.with_suffix('.stats.json'), statistics)
    for name, value in statistics.items():
        print(f'{name}: {value}')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: merge_labels(args))


if __name__ == '__main__':
    sys.exit(main())
