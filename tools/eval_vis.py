"""Measure class-agnostic AP and AR of a results file, or of a folder of proposals, offline.

A results file holds tracks and is measured as YouTube-VIS does (IoU of whole tubes); a folder of
proposals files holds masks per frame and is measured as COCO does (every frame an image).

Example:
    python tools/eval_vis.py --gt annotations/instances_val.json --results results.json
    python tools/eval_vis.py --gt annotations/instances_val.json --results run/stages/proposals
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool
from s2d_plugins.errors import Problems, S2DInputError


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--gt', required=True, type=Path, help='YouTube-VIS JSON with annotations')
    parser.add_argument('--results', required=True, type=Path,
                        help='JSON list of tracks, or a folder of proposals files')
    parser.add_argument('--out', type=Path, help='write the numbers to this JSON file')
    parser.add_argument('--lenient', action='store_true',
                        help='leave bad entries out and warn, instead of stopping')
    return parser.parse_args(argv)


def read_folder(folder: Path, lenient: bool) -> list[dict]:
    """All proposals files of a folder; leniently without what is faulty.

    Raises:
        S2DInputError: If there is none.
    """
    from s2d_plugins.labels.proposals_file import read_proposals
    paths = sorted(folder.glob('*.json'))
    if not paths:
        raise S2DInputError(f'{folder}: expected proposals files (*.json), found none')
    problems = Problems(lenient)
    contents = []
    for path in paths:
        try:
            content = read_proposals(path, problems)
        except S2DInputError as error:
            problems.add(str(error))
        else:
            contents.append(dict(content, video=content.get('video') or path.stem))
    problems.warn()
    return contents


def evaluate(args: argparse.Namespace) -> None:
    """Evaluate, write the numbers and print them in percent."""
    with quiet_imports():
        from s2d_plugins.evaluation.frame_ap import evaluate_frames
        from s2d_plugins.evaluation.tables import markdown_table
        from s2d_plugins.evaluation.tube_ap import evaluate_vis
    from s2d_plugins.fileio.json_files import read_json
    from s2d_plugins.fileio.whole_files import write_json
    listed = args.results.glob('*.json') if args.results.is_dir() else ()
    prepare_outputs([args.gt, args.results, *listed], files=[args.out])
    names = dict(lenient=args.lenient, gt_name=str(args.gt), results_name=str(args.results))
    gt = read_json(args.gt)
    if args.results.is_dir():
        result = evaluate_frames(gt, read_folder(args.results, args.lenient), **names)
    else:
        result = evaluate_vis(gt, read_json(args.results), **names)
    if args.out:
        write_json(args.out, result)
    print(markdown_table(tuple(result), [[None if value < 0 else value
                                          for value in result.values()]], scale=100))


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: evaluate(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
