"""How well do proposals cover annotated objects? J (mask IoU) and seconds a frame, per sequence.

Annotations are PNGs per frame, foreground above zero, named like the frames; frames without one
are not counted. J top is the J of the mask with the highest score, J best that of the mask that
fits best, each a mean over frames, and in the last row over sequences.

Example:
    python tools/analysis_tools/evaluate_proposals.py --frames DAVIS/JPEGImages/480p \
        --annotations DAVIS/Annotations/480p
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from s2d_plugins.apis.command_line import quiet_imports, run_tool
from s2d_plugins.errors import S2DInputError

if TYPE_CHECKING:
    import numpy as np

DEFAULT_CONFIG = Path(__file__).parents[2] / 'configs/proposals/motion_color.py'
COLUMNS = ('J top', 'J best', 'masks a frame', 'CPU s a frame')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', required=True, type=Path,
                        help='folder with one folder of frames per sequence')
    parser.add_argument('--annotations', required=True, type=Path,
                        help='folder with one folder of PNGs per sequence')
    parser.add_argument('--sequences', nargs='+', metavar='NAME', help='all by default')
    parser.add_argument('--config', type=Path,
                        help='config whose `proposer` is used; by default MotionColorProposer')
    parser.add_argument('--jobs', type=int, default=1, help='sequences at a time')
    return parser.parse_args(argv)


def frame_scores(masks: list[np.ndarray], truth: np.ndarray) -> tuple[float, float]:
    """J of the first mask and of the best; an empty truth is met by no mask at all.

    Args:
        masks: (H, W) bool each, highest score first.
        truth: (H, W) bool.
    """
    if not masks:
        return (0., 0.) if truth.any() else (1., 1.)
    values = [float((mask & truth).sum() / max((mask | truth).sum(), 1)) for mask in masks]
    return values[0], max(values)


def read_truth(path: Path, size: tuple[int, int]) -> np.ndarray:
    """Read one annotation as a bool mask and check its (height, width)."""
    from s2d_plugins.labels.indexed_png import read_indexed_png
    ids = read_indexed_png(path)
    if ids.shape != tuple(size):
        raise S2DInputError(f'{path}: expected {size[1]}x{size[0]} as the frame, found '
                            f'{ids.shape[1]}x{ids.shape[0]}')
    return ids > 0


def evaluate_sequence(frames: Path, annotations: Path,
                      config: Path | None) -> tuple[float, float, float, float]:
    """Return the values of :data:`COLUMNS` for one sequence."""
    import cv2
    import numpy as np
    cv2.setNumThreads(1)
    with quiet_imports():  # this may be a process of its own
        from s2d_plugins.fileio.configs import load_config
        from s2d_plugins.fileio.folders import by_stem, list_masks
        from s2d_plugins.labels.rle import decode_mask
        from s2d_plugins.proposals.build import build_proposer
        from s2d_plugins.video import open_video
    video = open_video(frames)
    proposer = build_proposer(load_config(config or DEFAULT_CONFIG))
    start = time.process_time()
    proposals = proposer.propose(video)
    seconds = (time.process_time() - start) / len(video)
    scores, truth = [], by_stem(list_masks(annotations))
    for file, masks in zip(video.files, proposals, strict=True):
        if file.stem in truth:
            decoded = [decode_mask(mask['segmentation']) for mask in masks]
            scores.append(frame_scores(decoded, read_truth(truth[file.stem], video.size)))
    if not scores:
        raise S2DInputError(f'no annotation in {annotations} has the name of a frame in {frames}')
    top, best = np.mean(scores, axis=0)
    return float(top), float(best), float(np.mean([len(masks) for masks in proposals])), seconds


def evaluate(args: argparse.Namespace) -> None:
    """Evaluate all sequences and print the table."""
    import numpy as np

    from s2d_plugins.evaluation.parallel import parallel_map
    from s2d_plugins.evaluation.tables import markdown_table
    from s2d_plugins.fileio.folders import list_folders
    for folder in (args.frames, args.annotations):
        if not folder.is_dir():
            raise S2DInputError(f'{folder} is not a folder; give one with a folder per sequence')
    names = args.sequences or [path.name for path in list_folders(args.annotations)]
    missing = [name for name in names if not (args.frames / name).is_dir()]
    if missing or not names:
        raise S2DInputError(f'expected a folder of frames in {args.frames} for each sequence in '
                            f'{args.annotations}, found none for {missing or "any"}')
    jobs = [(args.frames / name, args.annotations / name, args.config) for name in names]
    results = list(parallel_map(lambda job: evaluate_sequence(*job), jobs, args.jobs))
    rows = [(name, *values) for name, values in zip(names, results, strict=True)]
    rows.append(('**mean**', *np.mean([row[1:] for row in rows], axis=0).tolist()))
    print(markdown_table(('sequence', *COLUMNS),
                         [(row[0], *(f'{value:.3f}' for value in row[1:])) for row in rows]))


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: evaluate(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
