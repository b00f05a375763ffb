"""Write the weights of a training as they are shipped: half precision, nothing else.

    python projects/s2d/starter/export_weights.py work_dirs/starter/iter_6000.pth starter_small.pth
"""

import argparse
import io
import sys
from pathlib import Path

import torch

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.fileio.checkpoint_checks import weights_of
from s2d_plugins.fileio.checkpoints import load_checkpoint
from s2d_plugins.fileio.paths import check_outputs
from s2d_plugins.fileio.whole_files import write_bytes


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', type=Path, help='of a training')
    parser.add_argument('out', type=Path, help='the file to write')
    return parser.parse_args(argv)


def export(args: argparse.Namespace) -> None:
    """Read, halve and write."""
    check_outputs(inputs=[args.checkpoint], files=[args.out])
    weights = weights_of(load_checkpoint(args.checkpoint), args.checkpoint)
    halved = {name: value.half() if value.is_floating_point() else value
              for name, value in weights.items()}
    content = io.BytesIO()
    torch.save(dict(state_dict=halved), content)
    write_bytes(args.out, content.getvalue())
    print(f'{args.out}: {len(halved)} tensors, {args.out.stat().st_size / 1e6:.1f} MB')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: export(args))


if __name__ == '__main__':
    sys.exit(main())
