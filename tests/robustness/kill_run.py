"""Kill tools at every file operation and see whether the same command repairs all.

Examples:
    python -m tests.robustness.kill_run --report report.md
    python -m tests.robustness.kill_run --targets run_s2d --only 17 --keep DIR
"""

import argparse
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .kill_cases import KILL_TARGETS, KillRecord, KillTarget, KillTest
from .runner import ToolServer


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--targets', nargs='+', choices=[x.name for x in KILL_TARGETS],
                        metavar='NAME', help='all by default: %(choices)s')
    parser.add_argument('--samples', type=int, help='kills per tool, spread evenly; all by default')
    parser.add_argument('--only', type=int, nargs='+', help='kill at these operations alone')
    parser.add_argument('--jobs', type=int, default=2, help='tools at a time')
    parser.add_argument('--keep', type=Path, metavar='DIR',
                        help='keep the folders of failing cases there')
    parser.add_argument('--report', type=Path, help='write table and failures to this file')
    return parser.parse_args(argv)


def run_target(target: KillTarget, folder: Path, samples: int | None = None,
               only: Sequence[int] | None = None) -> list[KillRecord]:
    """Kill one tool at all operations, at some spread evenly, or at those given."""
    with ToolServer() as server:
        test = KillTest(target, server, folder / target.name.replace(' ', '_'))
        records = []
        for number in only or test.samples(samples):
            records.append(test.kill(number))
            if records[-1].problems:
                _say(str(records[-1]))
        _say(f'-- {target.name}: {len(records)} kills of {len(test.reference.operations)} '
             'operations done')
        return records


def _say(text: str) -> None:
    sys.stdout.write(f'{text}\n')
    sys.stdout.flush()


def summarise(records: Sequence[KillRecord]) -> str:
    """Table per tool."""
    groups = defaultdict(list)
    for record in records:
        groups[record.target.name].append(record)
    lines = ['| tool | kills | whole after the same command | not |', '| --- | --- | --- | --- |']
    for name, group in (*groups.items(), ('**all**', records)):
        bad = sum(bool(record.problems) for record in group)
        lines.append(f'| {name} | {len(group)} | {len(group) - bad} | {bad} |')
    return '\n'.join(lines)


def report(records: Sequence[KillRecord]) -> str:
    """Table, and the failures of each tool by their first problem."""
    parts = ['# Kills\n', summarise(records), '']
    groups = defaultdict(list)
    for record in records:
        if record.problems:
            problem = '; '.join(dict.fromkeys(map(_steady, record.problems)))[:300]
            groups[record.target.name, problem].append(record)
    for (name, problem), failures in groups.items():
        where = ', '.join(f'{record.number} ({_steady(record.operation)})'
                          for record in failures[:12])
        parts += [f'## {name}: {problem}\n', f'{len(failures)} kills: {where}\n', '```',
                  str(failures[0]), '```\n']
    return '\n'.join(parts)


def _steady(text: str) -> str:
    """Take the random part out of the names of temporary files."""
    return re.sub(r'(?<=[._])[a-z0-9_]{8}(?=[/; ]|$)', '*', text)


def main(argv: list[str] | None = None) -> int:
    """Run the kills; 1 if a tool did not recover."""
    args = parse_args(argv)
    targets = [target for target in KILL_TARGETS if not args.targets or target.name in args.targets]
    start, records = time.monotonic(), []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = args.keep or Path(temporary)
        with ThreadPoolExecutor(args.jobs) as pool:
            for found in pool.map(lambda target: run_target(
                    target, folder, args.samples, args.only), targets):
                records += found
                if args.report:
                    args.report.write_text(report(records))
    bad = sum(bool(record.problems) for record in records)
    sys.stdout.write(f'\n{summarise(records)}\n\n{bad} of {len(records)} kills left something '
                     f'wrong, {time.monotonic() - start:.0f} s\n')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
