"""Train a model; takes the arguments of mmdet's tools/train.py."""

import argparse
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
                        help='go on from a checkpoint; without a path, from the newest one in the '
                        'work dir')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from s2d_plugins.apis import runner_tools
    cfg = runner_tools.read_runner_config(args)
    if args.amp:
        runner_tools.use_amp(cfg)
    if args.auto_scale_lr:
        runner_tools.use_auto_scale_lr(cfg)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    note = runner_tools.use_float32_without_gpu(cfg)
    runner = runner_tools.build_runner(cfg)
    if note:
        runner.logger.warning(note)
    runner.train()


if __name__ == '__main__':
    sys.exit(run_tool(main, 'interrupted; add --resume to go on from the last checkpoint'))
