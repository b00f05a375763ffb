"""Train a model; takes the arguments of mmdet's tools/train.py."""

import argparse
import os
import sys

from s2d_plugins.apis.command_line import run_tool


def parse_args() -> argparse.Namespace:
    from s2d_plugins.apis.runner_tools import add_runner_arguments
    parser = argparse.ArgumentParser(description=__doc__)
    add_runner_arguments(parser)
    parser.add_argument('--amp', action='store_true',
                        help='train with mixed precision; without a GPU in float32')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help='scale the learning rate to the batch size')
    parser.add_argument('--resume', nargs='?', const='auto', metavar='CHECKPOINT',
                        help='go on from a checkpoint; without a path, from the last one in the '
                        'work dir that can be read')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from s2d_plugins.apis import runner_tools, running
    cfg = runner_tools.read_runner_config(args)
    if args.amp:
        runner_tools.use_amp(cfg)
    if args.auto_scale_lr:
        runner_tools.use_auto_scale_lr(cfg)
    runner_tools.prepare_work_dir(cfg, args.config)
    if args.resume is not None:
        note = runner_tools.resume_from(cfg, args.resume)
        if note and os.environ.get('RANK', os.environ.get('SLURM_PROCID', '0')) == '0':
            print(note, flush=True)
    note = runner_tools.use_float32_without_gpu(cfg)
    runner = runner_tools.build_runner(cfg)
    if note:
        runner.logger.warning(note)
    with runner_tools.full_disk_errors(cfg):
        running.train(runner)


if __name__ == '__main__':
    sys.exit(run_tool(main, 'interrupted; add --resume to go on from the last checkpoint'))
