"""Generate sets of moving things cut out of scenes, for the network that draws outlines.

Every set is one .npz file, made from its number alone; those that are there are kept. The sets that
the shipped weights come from:

    python projects/s2d/starter/make_outlines.py --out data/outlines --sets 3000-3039
"""

import io
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from make_scenes import SEEDS_PER_SET, make, parse_args
from outline_samples import samples, store_with_legs

from s2d_plugins.apis.command_line import run_tool
from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.whole_files import write_bytes
from s2d_plugins.proposals.learnt_motion import LearntMotion


def write_set(path: Path, number: int, count: int) -> None:
    """Write one set: what :func:`outline_samples.samples` gives, stacked.

    Raises:
        S2DInputError: If no scene of the set has a thing of some size.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    store, motion = store_with_legs(number), LearntMotion()
    found = [sample for place in range(count)
             for sample in samples(number * SEEDS_PER_SET + place, store, motion)]
    if not found:
        raise S2DInputError(f'set {number}: no thing in {count} scenes; raise --count')
    content = io.BytesIO()
    np.savez_compressed(content, **{key: np.stack([sample[key] for sample in found])
                                    for key in found[0]})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content.getvalue())


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv, __doc__, count=100)
    return run_tool(lambda: make(args, write_set),
                    'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
