"""Merge the label files of many videos to one YouTube-VIS JSON, with filters and statistics.

Example:
    python tools/merge_labels.py keymasks/ --out keymasks.json --max-one2x 0.5 --min-keymasks 5
"""

import argparse
import os
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, run_tool


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
    from s2d_plugins.fileio.stamps import make_stamp
    from s2d_plugins.fileio.whole_files import write_json
    from s2d_plugins.labels.merging import merge_label_files
    paths = [path for path in find_labels(args.labels) if not is_merged(path, args.out)]
    if not paths:
        raise S2DInputError(f'expected label files (*.json) in {args.labels}, found none; make '
                            'them with tools/discover_keymasks.py')
    notes = args.statistics or args.out.with_suffix('.stats.json')
    prepare_outputs([args.labels, *paths], files=[args.out, notes])
    stamp = make_stamp(labels=[path.name for path in paths])
    statistics = merge_label_files(paths, args.out, args.max_one2x, args.min_keymasks,
                                   stamp).as_dict()
    write_json(notes, statistics)
    for name, value in statistics.items():
        print(f'{name}: {value}')


def find_labels(folder: Path) -> list[Path]:
    """List the label files of a folder; statistics are none."""
    return sorted(path for path in folder.glob('*.json')
                  if not path.name.startswith('.') and not path.name.endswith('.stats.json'))


def is_merged(path: Path, out: Path) -> bool:
    """Say whether a file is what an earlier run of this tool has written to ``out``."""
    from s2d_plugins.fileio.stamps import read_stamp
    return os.path.realpath(path) == os.path.realpath(out) and 'labels' in (read_stamp(path) or {})


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: merge_labels(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
