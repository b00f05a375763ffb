"""Count the multiply-adds and parameters of a video model at inference.

Example:
    python tools/analysis_tools/get_flops.py configs/final/s2d_mask2former_r50_4xb1-32k.py \\
        --shape 3 360 640
"""

import argparse
import sys

from s2d_plugins.apis.command_line import add_config_arguments, quiet_imports, run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument('--shape', nargs=3, type=int, default=(3, 360, 640),
                        metavar=('FRAMES', 'HEIGHT', 'WIDTH'),
                        help='what the model sees at once; padded to multiples of 32')
    parser.add_argument('--table', action='store_true', help='show every module')
    return parser.parse_args(argv)


def count(args: argparse.Namespace) -> None:
    """Build the model with random weights and count."""
    with quiet_imports():
        from mmengine.analysis import get_model_complexity_info

        from s2d_plugins.errors import S2DInputError
        from s2d_plugins.fileio.configs import load_config
        from s2d_plugins.models.loading import build_model
    if min(args.shape) < 1:
        raise S2DInputError(f'--shape: expected positive numbers, found {tuple(args.shape)}')
    model = build_model(load_config(args.config, args.cfg_options)).eval()
    model = getattr(model, 'predictor', model)  # of a distiller one of its two segmenters
    frames, height, width = args.shape
    shape = (frames, 3, -(-height // 32) * 32, -(-width // 32) * 32)
    with quiet_imports():
        found = get_model_complexity_info(model, shape, show_arch=False)
    if args.table:
        print(found['out_table'])
    print(f'{args.config}, {frames} frames of {shape[2]} x {shape[3]} (height x width):\n'
          f'multiply-adds {found["flops_str"]}, {found["flops"] / frames / 1e9:.2f} G a frame\n'
          f'parameters {found["params_str"]}')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: count(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
