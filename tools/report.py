"""Write one HTML page that shows what run_s2d.py has made, also while it runs.

The run makes the page itself at its end. Here it is made anew: of a run that goes on or was
stopped, with scores against a ground truth, or in another size.
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', metavar='WORK_DIR', type=Path, help='of run_s2d.py')
    parser.add_argument('--out', type=Path, metavar='FILE',
                        help='the page; WORK_DIR/report.html by default')
    parser.add_argument('--gt', metavar='PATH',
                        help='ground truth: a DAVIS-like folder or YouTube-VIS JSON; by default '
                             'scores that evaluate_stages.py has left in WORK_DIR are shown')
    parser.add_argument('--max-mb', type=float, default=48,
                        help='largest page, in megabytes; default: %(default)s')
    parser.add_argument('--max-videos', type=int, default=200,
                        help='of more videos those that failed or are least to be trusted are '
                             'shown; default: %(default)s')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.pipeline.report import write_report
        from s2d_plugins.pipeline.workspace import Workspace
    out = args.out or Workspace(args.work_dir).report_file
    prepare_outputs([args.gt, *([args.work_dir / 'stages'] if args.out else [])], files=[out])
    print(write_report(args.work_dir, out, gt=args.gt, max_mb=args.max_mb,
                       max_videos=args.max_videos))


if __name__ == '__main__':
    sys.exit(run_tool(main))
