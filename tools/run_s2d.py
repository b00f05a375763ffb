"""Run S2D over videos without labels: frames, proposals, keymasks, training, instances.

Running the same command again goes on where it was stopped, and does nothing that is done.
"""

import argparse
import sys

from s2d_plugins.apis.command_line import (
    DEVICES,
    EXIT_INPUT_ERROR,
    add_config_arguments,
    add_engine_arguments,
    choose_device,
    engine_of,
    quiet_imports,
    run_tool,
)
from s2d_plugins.pipeline.stage_names import STAGES


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument('--videos', required=True, metavar='PATH',
                        help='a video file, a folder of frames, or a folder of either')
    parser.add_argument('--work-dir', required=True, metavar='DIR', help='where results go')
    parser.add_argument('--stages', nargs='+', choices=STAGES, metavar='STAGE',
                        help=f'some of: {", ".join(STAGES)}; by default all')
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one')
    add_engine_arguments(parser)
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    device = choose_device(args.device)
    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.fileio.configs import load_config
        from s2d_plugins.pipeline.run import run_pipeline
    cfg = load_config(args.config, args.cfg_options)
    failures = run_pipeline(cfg, args.videos, args.work_dir, args.stages, device,
                            engine_of(args, cfg.get('engine')))
    return EXIT_INPUT_ERROR if failures else 0


if __name__ == '__main__':
    sys.exit(run_tool(main, 'interrupted; run the same command again to go on'))
