"""Measure J and F of indexed PNGs against DAVIS annotations, offline.

Example:
    python tools/eval_davis.py --gt DAVIS --results results/ --task unsupervised --out jf.json
"""

import argparse
import sys
import time
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool
from s2d_plugins.fileio.plain_files import read_text

COLUMNS = ('J&F_mean', 'J_mean', 'J_recall', 'J_decay', 'F_mean', 'F_recall', 'F_decay')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    with quiet_imports():
        from s2d_plugins.evaluation.davis import TASKS
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--gt', required=True, type=Path,
                        help='DAVIS folder, or a folder with one folder of PNGs per sequence')
    parser.add_argument('--results', required=True, type=Path,
                        help='folder with one folder of indexed PNGs per sequence')
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--sequences', nargs='+', metavar='NAME',
                        help='sequences to evaluate, or one text file that lists them '
                             '(ImageSets/2017/val.txt); all by default')
    parser.add_argument('--out', type=Path, help='write all numbers to this JSON file')
    parser.add_argument('--jobs', type=int, help='processes; all usable cores by default')
    parser.add_argument('--lenient', action='store_true',
                        help='count bad frames as empty and warn, instead of stopping')
    return parser.parse_args(argv)


def read_sequences(names: list[str] | None) -> list[str] | None:
    """Names from the command line, or from the one text file it names."""
    if names and len(names) == 1 and names[0].endswith('.txt'):
        return read_text(names[0], 'the list of sequences').split()
    return names


def format_result(result: dict) -> str:
    """One row per object, sequence and overall, in percent."""
    from s2d_plugins.evaluation.tables import markdown_table
    rows = []
    for name, sequence in result['sequences'].items():
        objects = sequence['objects']
        if len(objects) > 1:
            rows += [(f'{name} {index}', *map(values.get, COLUMNS))
                     for index, values in objects.items()]
        rows.append((name, *map(sequence.get, COLUMNS)))
    rows.append(('**all**', *map(result['overall'].get, COLUMNS)))
    return markdown_table(('sequence', *COLUMNS), rows, scale=100)


def evaluate(args: argparse.Namespace) -> None:
    """Evaluate, write the numbers and print the table."""
    from s2d_plugins.evaluation.davis import evaluate_davis
    from s2d_plugins.fileio.whole_files import write_json
    start = time.perf_counter()
    listed = args.sequences if args.sequences and len(args.sequences) == 1 else ()
    prepare_outputs([args.gt, args.results, *listed], files=[args.out])
    result = evaluate_davis(args.gt, args.results, args.task,
                            sequences=read_sequences(args.sequences), jobs=args.jobs,
                            lenient=args.lenient)
    if args.out:
        write_json(args.out, result)
    print(format_result(result))
    print(f'{len(result["sequences"])} sequences, {result["left_out"]} entries left out, '
          f'{time.perf_counter() - start:.1f} s')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: evaluate(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
