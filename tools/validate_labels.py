"""Check a YouTube-VIS JSON: sizes, lengths, unique ids, decodable masks, files present.

Names each fault on a line of its own. Exit code 0: none, 1: faults, 2: the file cannot be read.

Example:
    python tools/validate_labels.py keymasks.json --frames videos/
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('labels', nargs='+', type=Path, help='label files')
    parser.add_argument('--frames', type=Path,
                        help='folder that file names are relative to; without it, files are not '
                        'looked for')
    return parser.parse_args(argv)


def validate_labels(args: argparse.Namespace) -> int:
    """Print the faults of all files; returns the exit code."""
    from s2d_plugins.errors import one_line
    from s2d_plugins.fileio.json_files import read_json
    from s2d_plugins.labels.faults import find_faults
    faulty = 0
    for path in args.labels:
        labels = read_json(path)
        count = 0
        for count, fault in enumerate(find_faults(labels, args.frames), start=1):  # noqa: B007
            print(one_line(f'{path}: {fault}'))
        if count:
            faulty += 1
            print(f'{path}: {count} faults')
        else:
            annotations = labels.get('annotations')
            count = 'no' if annotations is None else len(annotations)
            print(f'{path}: {len(labels["videos"])} videos and {count} annotations, no faults')
    return 1 if faulty else 0


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, 1 if there are faults, or 2 at unreadable input."""
    return run_tool(lambda: validate_labels(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
