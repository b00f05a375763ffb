"""Measure every stage of a run_s2d.py work dir against ground truth, in one table.

Example:
    python tools/analysis_tools/evaluate_stages.py work_dirs/run --gt DAVIS
"""

import argparse
import sys
import time
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='work dir of tools/run_s2d.py')
    parser.add_argument('--gt', required=True, type=Path,
                        help='DAVIS-like folder or YouTube-VIS JSON')
    parser.add_argument('--out', type=Path,
                        help='path of the .md and .json files without suffix; '
                             'WORK_DIR/stage_scores by default')
    parser.add_argument('--jobs', type=int, help='processes; all usable cores by default')
    return parser.parse_args(argv)


def evaluate(args: argparse.Namespace) -> None:
    """Evaluate, print the table and write both files."""
    with quiet_imports():
        from s2d_plugins.pipeline.evaluation.stage_table import evaluate_stages, format_stages
    from s2d_plugins.fileio.whole_files import write_json, write_text
    start = time.perf_counter()
    out = args.out or args.work_dir / 'stage_scores'
    made = [*(args.work_dir / 'stages').glob('*.json'), *args.work_dir.glob('*/results.json')]
    folders = [path for path in (args.work_dir / 'stages').glob('*/') if path.is_dir()]
    prepare_outputs([args.gt, *made, *folders], files=[f'{out}.md', f'{out}.json'])
    result = evaluate_stages(args.work_dir, args.gt, jobs=args.jobs,
                             progress=lambda name: print(f'{name} done', file=sys.stderr))
    table = format_stages(result)
    write_text(f'{out}.md', table)
    write_json(f'{out}.json', result)
    print(table)
    if result['without_ground_truth']:
        print(f'{len(result["without_ground_truth"])} clips without ground truth left out: '
              f'{", ".join(result["without_ground_truth"][:5])}')
    print(f'written to {out}.md and {out}.json in {time.perf_counter() - start:.1f} s')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: evaluate(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
