"""Run S2D on two halves of DAVIS-like data with several seeds; measure crosswise.

What is better on one half is reported on the other. Writes crosswise.md (mean and spread of every
stage per half and over all, which targets are met) and crosswise.json.
Running the same command again goes on where it was stopped. Runs can be shared out by hand among
processes with the same work dir (--only, --seeds), and measured at the end by --evaluate-only.

Example:
    python projects/s2d/benchmarks/benchmark_crosswise.py --data DAVIS --work-dir work_dirs/cross
"""
# ruff: noqa: T201  a tool talks to a person

import argparse
import sys
from pathlib import Path

from benchmark_stages import CONFIG
from crosswise_plan import Plan, Run, make_plan
from davis_data import DavisData, find_data
from stage_costs import read_costs
from stage_runs import add_data_arguments, describe_setting, measure_run

from s2d_plugins.apis.command_line import EXIT_INPUT_ERROR, choose_device, quiet_imports, run_tool
from s2d_plugins.errors import S2DInputError, one_line
from s2d_plugins.fileio.whole_files import write_json, write_text


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_arguments(parser)
    parser.add_argument('--work-dir', required=True, type=Path, metavar='DIR',
                        help='where all runs are: DIR/<half>/seed<k>[/<candidate>]')
    configs = parser.add_mutually_exclusive_group()
    configs.add_argument('--config', type=Path, default=CONFIG,
                         help='pipeline config; projects/s2d/configs/davis16.py by default')
    configs.add_argument('--candidates', nargs='+', type=Path, metavar='CONFIG',
                         help='pipeline configs to choose from: the better one on one half is '
                              'reported on the other')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], metavar='K',
                        help='seeds of both trainings; 0 1 2 by default')
    parser.add_argument('--halves', type=Path, metavar='FILE',
                        help='JSON {"A": [sequences], "B": [sequences]}; by default 14 sequences '
                             'of DAVIS 2016')
    parser.add_argument('--only', metavar='HALF', help='run this half alone, measure nothing')
    parser.add_argument('--evaluate-only', action='store_true',
                        help='measure what the work dir has; the pipeline is not run')
    parser.add_argument('--out', type=Path, metavar='DIR',
                        help='where the report goes; the work dir by default')
    args = parser.parse_args(argv)
    if args.only is not None and args.evaluate_only:
        parser.error('--only runs and measures nothing: leave it out with --evaluate-only')
    return args


def run(args: argparse.Namespace, plan: Plan, data: dict[str, DavisData]) -> list[str]:
    """Make the runs that were asked for; returns what is wrong with them."""
    if args.only not in (None, *plan.halves):
        raise S2DInputError(f'--only: expected one of {", ".join(plan.halves)}, found '
                            f'{args.only!r}')
    device = choose_device(args.device)
    with quiet_imports():
        from crosswise_runs import make_runs

        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
    return make_runs(plan, [run for run in plan.runs if args.only in (None, run.half)], data,
                     device)


def measure(plan: Plan, data: dict[str, DavisData], jobs: int | None) -> tuple[dict, list[str]]:
    """Score all runs that there are.

    Returns:
        Run to :class:`crosswise_scores.Measured`, and remarks on what is missing.

    Raises:
        S2DInputError: If no run can be measured.
    """
    with quiet_imports():
        from crosswise_scores import Measured
    measured, remarks = {}, []
    for one in plan.runs:
        print(f'measuring {plan.describe(one)}', file=sys.stderr)
        folder, sequences = plan.work_dir(one), plan.halves[one.half]
        try:
            videos = measure_run(folder, data[one.half], jobs)['videos']
        except S2DInputError as error:
            remarks.append(f'{plan.describe(one)}: not measured: {one_line(error)}')
            continue
        measured[one] = Measured(videos, read_costs(folder, sequences))
    if not measured:
        raise S2DInputError(f'{plan.root} has no run that can be measured; {remarks[0]}')
    return measured, remarks


def gaps(plan: Plan, run: Run, measured: dict) -> list[str]:
    """Say what a run lacks: sequences without masks, trainings that were timed in part."""
    with quiet_imports():
        from crosswise_scores import ROWS
        from stage_report import LABELS, cost_notes, stage_rows
    found, remarks = measured[run], []
    for stage in ROWS:
        missing = [name for name in plan.halves[run.half]
                   if not found.videos.get(name, {}).get(stage, {}).get('frames')]
        if missing:
            remarks.append(f'{LABELS.get(stage, stage)}: none in {", ".join(missing)}')
    remarks += cost_notes(stage_rows(dict(stages={}), found.costs))
    return [f'{plan.describe(run)}: {remark}' for remark in remarks]


def make_report(args: argparse.Namespace, plan: Plan, measured: dict, remarks: list[str]) -> dict:
    """Put together what crosswise.json holds."""
    with quiet_imports():
        from crosswise_scores import (
            ALL,
            choose,
            final_score,
            sequence_scores,
            stage_means,
            summarise,
        )
    tuning = {half: {candidate: final_score(found for run, found in measured.items()
                                            if (run.half, run.candidate) == (half, candidate))
                     for candidate in plan.candidates} for half in plan.halves}
    reported = choose(tuning)
    picked = {half: {seed: measured[run] for seed in plan.seeds
                     if (run := Run(half, seed, candidate)) in measured}
              for half, candidate in reported.items()}
    groups = {half: summarise([[found] for found in part.values()])
              for half, part in picked.items() if part}
    first, second = picked.values()
    both = [[first[seed], second[seed]] for seed in first if seed in second]
    if both:
        groups[ALL] = summarise(both)
    sequences = {name: dict(half=half, stages=stages) for half, part in picked.items()
                 for name, stages in sequence_scores(list(part.values())).items()}
    remarks = remarks + [line for run in measured for line in gaps(plan, run, measured)]
    setting = describe_setting(plan.work_dir(next(iter(measured))), sequences, args.resolution)
    setting.update(seeds=', '.join(map(str, plan.seeds)), candidates=', '.join(plan.candidates))
    return dict(
        setting=setting, halves=plan.halves, tuning=tuning, reported=reported, groups=groups,
        sequences=sequences, remarks=list(dict.fromkeys(remarks)),
        runs=[dict(half=run.half, seed=run.seed, candidate=run.candidate,
                   stages=stage_means(found.videos), costs=found.costs)
              for run, found in measured.items()])


def benchmark(args: argparse.Namespace) -> int:
    """Run, measure and write the report."""
    plan = make_plan(args.work_dir, args.halves, args.seeds, args.candidates or [args.config])
    data = {half: find_data(args.data, args.resolution, sequences,
                            frames_needed=not args.evaluate_only, option='--halves')
            for half, sequences in plan.halves.items()}
    problems = [] if args.evaluate_only else run(args, plan, data)
    if args.only is not None:
        print('\n'.join([*problems, f'half {args.only} has been run; --evaluate-only instead of '
                                    '--only measures all']))
        return EXIT_INPUT_ERROR if problems else 0
    measured, remarks = measure(plan, data, args.jobs)
    report = make_report(args, plan, measured, [*problems, *remarks])
    with quiet_imports():
        from crosswise_report import report_text
    text, out = report_text(report), args.out or args.work_dir
    write_json(out / 'crosswise.json', report)
    write_text(out / 'crosswise.md', text)
    print(f'{text}\nwritten to {out}: crosswise.md, crosswise.json')
    return EXIT_INPUT_ERROR if problems else 0


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: benchmark(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
