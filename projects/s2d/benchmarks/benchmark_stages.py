"""Run S2D on DAVIS-like data and measure what every stage gives and costs.

Writes benchmark.md (J&F after every stage, seconds, memory), benchmark.json and j_per_frame.png.
Running the same command again goes on where it was stopped; a finished work dir is only measured.

Example:
    python projects/s2d/benchmarks/benchmark_stages.py --data DAVIS --work-dir work_dirs/davis16
"""
# ruff: noqa: T201  a tool talks to a person

import argparse
import sys
from pathlib import Path

from davis_data import DavisData, find_data
from stage_costs import read_costs, total_cost
from stage_runs import add_data_arguments, describe_setting, measure_run, run_recipe

from s2d_plugins.apis.command_line import EXIT_INPUT_ERROR, choose_device, quiet_imports, run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_json, write_text

CONFIG = Path(__file__).resolve().parents[1] / 'configs/davis16.py'
PLOT = 'j_per_frame.png'


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_arguments(parser)
    parser.add_argument('--work-dir', required=True, type=Path, metavar='DIR',
                        help='where the pipeline works; an earlier run is gone on with')
    parser.add_argument('--config', type=Path, default=CONFIG,
                        help='pipeline config; projects/s2d/configs/davis16.py by default')
    parser.add_argument('--sequences', nargs='+', metavar='NAME',
                        help='some sequences; by default all that are annotated')
    parser.add_argument('--evaluate-only', action='store_true',
                        help='measure what the work dir has; the pipeline is not run')
    parser.add_argument('--out', type=Path, metavar='DIR',
                        help='where the report goes; the work dir by default')
    return parser.parse_args(argv)


def measure(args: argparse.Namespace, data: DavisData) -> dict:
    """Score the masks of every stage.

    Raises:
        S2DInputError: If a sequence that was asked for has no results.
    """
    scores = measure_run(args.work_dir, data, args.jobs)
    missing = [name for name in args.sequences or () if name not in scores['videos']]
    if missing and args.evaluate_only:
        raise S2DInputError(f'{args.work_dir} has no results of {missing[0]!r}; it has '
                            f'{", ".join(list(scores["videos"])[:5])}; correct --sequences')
    return scores


def run(args: argparse.Namespace, data: DavisData) -> dict[str, str]:
    """Run the pipeline on the chosen sequences; returns what failed and why."""
    device = choose_device(args.device)
    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.fileio.configs import load_config
    return run_recipe(load_config(args.config), data, args.work_dir, device)


def benchmark(args: argparse.Namespace) -> int:
    """Run, measure and write the report."""
    data = find_data(args.data, args.resolution, args.sequences,
                     frames_needed=not args.evaluate_only)
    with quiet_imports():
        from frame_plot import plot_bytes
        from stage_report import report_text, stage_rows

        from s2d_plugins.fileio.whole_files import write_bytes
    failures = {} if args.evaluate_only else run(args, data)
    scores = measure(args, data)
    costs = read_costs(args.work_dir, list(scores['videos']))
    rows, total = stage_rows(scores, costs), total_cost(costs)
    setting = describe_setting(args.work_dir, scores['videos'], args.resolution)
    if not args.evaluate_only:
        setting = dict(config=args.config.name, **setting)
    text = report_text(rows, total, scores, setting, failures, PLOT)
    out, plot = args.out or args.work_dir, plot_bytes(scores['videos'])
    write_bytes(out / PLOT, plot)
    write_json(out / 'benchmark.json', dict(setting=setting, stages=rows, total=total,
                                            failures=failures, videos=scores['videos']))
    write_text(out / 'benchmark.md', text)
    print(f'{text}\nwritten to {out}: benchmark.md, benchmark.json, {PLOT}')
    return EXIT_INPUT_ERROR if failures else 0


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: benchmark(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
