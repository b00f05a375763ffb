"""Break inputs by the thousand and see how the tools end.

Examples:
    python -m tests.robustness.mutation_run --count 2000 --seed 0 --report report.md
    python -m tests.robustness.mutation_run --seed 0 --only 17 --keep case17
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .mutation_cases import Record, discard, run_case, target_of
from .runner import SECONDS, ToolServer
from .targets import TARGETS, Target, Templates


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--count', type=int, default=200, help='cases')
    parser.add_argument('--first', type=int, default=0, help='number of the first one')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--only', type=int, nargs='+', help='run these cases alone')
    parser.add_argument('--targets', nargs='+', metavar='TEXT',
                        help='only cases whose target has one of these in its name; a case keeps '
                        'its number')
    parser.add_argument('--jobs', type=int, default=2, help='cases at a time')
    parser.add_argument('--seconds', type=float, default=SECONDS, help='wall limit of a case')
    parser.add_argument('--keep', type=Path, metavar='DIR',
                        help='keep the folders of failing cases, of --only all, there')
    parser.add_argument('--report', type=Path, help='write table and failures to this file')
    return parser.parse_args(argv)


class Run:
    """Runs cases, a server per thread.

    Args:
        seed: Of the run.
        folder: For inputs and cases.
        targets: Whose inputs are broken.
        seconds: Wall limit of a case.
    """

    def __init__(self, seed: int, folder: Path, targets: Sequence[Target] = TARGETS,
                 seconds: float = SECONDS):
        self.seed = seed
        self.seconds = seconds
        self.folder = folder
        self.targets = targets
        self.templates = Templates(folder / 'templates')
        self._local = threading.local()
        self._servers: list[ToolServer] = []

    def __enter__(self) -> 'Run':
        return self

    def __exit__(self, *error) -> None:
        for server in self._servers:
            server.__exit__(*error)

    def case(self, number: int, keep: bool = False) -> Record:
        """Run a case; its folder stays if it failed or ``keep``."""
        if not hasattr(self._local, 'server'):
            self._local.server = ToolServer().__enter__()
            self._servers.append(self._local.server)
        folder = self.folder / f'case{number}'
        record = run_case(number, self.seed, target_of(number, self.seed, self.targets),
                          self.templates, self._local.server, folder, self.seconds)
        if record.outcome.problem is None and not keep:
            discard(folder)
        return record


def summarise(records: Sequence[Record]) -> str:
    """Table of ends per kind of input."""
    rows = [('input', 'cases', 'results', 'one line, code 2', 'failures', 'slowest, s',
             'most memory, MB')]
    kinds = sorted({record.kind for record in records})
    for kind in (*kinds, None):
        chosen = [record for record in records if kind in (record.kind, None)]
        ends = [record.outcome.kind for record in chosen]
        rows.append((kind or '**all**', len(chosen), *map(ends.count, ('result', 'message',
                                                                     'FAILURE')),
                     f'{max((record.outcome.seconds for record in chosen), default=0):.1f}',
                     f'{max((record.outcome.peak_mb for record in chosen), default=0):.0f}'))
    lines = ['| ' + ' | '.join(map(str, row)) + ' |' for row in rows]
    return '\n'.join([lines[0], '|' + ' --- |' * len(rows[0]), *lines[1:]])


def by_cause(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Group failures, the most frequent first."""
    groups = defaultdict(list)
    for record in records:
        if record.outcome.problem:
            groups[record.outcome.cause].append(record)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def report(records: Sequence[Record], seed: int) -> str:
    """Table, and each failure under its cause."""
    parts = [f'# {len(records)} broken inputs, seed {seed}\n', summarise(records), '']
    for cause, failures in by_cause(records).items():
        numbers = ' '.join(str(record.number) for record in failures)
        names = ', '.join(sorted({record.target for record in failures}))
        parts += [f'## {cause}\n', f'{len(failures)} cases of {names}: {numbers}\n', '```',
                  str(failures[0]), '```\n']
        parts += [f'* {record.number}, {record.target}: {record.mutation}'
                  for record in failures[1:15]] + ['']
    return '\n'.join(parts)


def run_all(run: Run, numbers: Sequence[int], jobs: int, keep: bool) -> Iterator[Record]:
    """Run cases, several at a time; yields them in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda number: run.case(number, keep), numbers)


def main(argv: list[str] | None = None) -> int:
    """Run the cases; 1 if any failed."""
    args = parse_args(argv)
    numbers = args.only or range(args.first, args.first + args.count)
    if args.targets:
        numbers = [number for number in numbers if any(
            text in target_of(number, args.seed, TARGETS).name for text in args.targets)]
    start, records = time.monotonic(), []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = args.keep or Path(temporary)
        with Run(args.seed, folder, seconds=args.seconds) as run:
            for record in run_all(run, numbers, args.jobs, bool(args.only and args.keep)):
                records.append(record)
                _say(record, len(records), len(numbers), start)
                if args.report and len(records) % 100 == 0:
                    args.report.write_text(report(records, args.seed))
    if args.report:
        args.report.write_text(report(records, args.seed))
    failures = sum(record.outcome.problem is not None for record in records)
    sys.stdout.write(f'\n{summarise(records)}\n\n{failures} failures of '
                     f'{len(by_cause(records))} kinds, {time.monotonic() - start:.0f} s\n')
    return 1 if failures else 0


def _say(record: Record, done: int, total: int, start: float) -> None:
    if record.outcome.problem:
        sys.stdout.write(f'{record}\n')
    if done % 50 == 0 or done == total:
        sys.stdout.write(f'-- {done} of {total}, {time.monotonic() - start:.0f} s\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main())
