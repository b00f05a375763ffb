"""Convert a dataset to the label format: one YouTube-VIS JSON, frames stay where they are.

Class-agnostic unless --keep-classes is given. See docs/datasets.md for the folders expected.

Examples:
    python tools/dataset_converters/convert_dataset.py youtube_vis_2019 data/youtube_vis_2019
    python tools/dataset_converters/convert_dataset.py davis2017 data/DAVIS --split val
    python tools/dataset_converters/convert_dataset.py sa_v data/sa_v/train --frames data/sa_v/jpeg
    python tools/dataset_converters/convert_dataset.py videos my_videos --frames my_frames
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import (
    add_engine_arguments,
    engine_of,
    prepare_outputs,
    quiet_imports,
    run_tool,
)

VIS_DATASETS = {'youtube_vis_2019': 'youtube_vis', 'youtube_vis_2021': 'youtube_vis',
                'youtube_vis_2022': 'youtube_vis', 'ovis': 'ovis', 'uvo': 'uvo_dense',
                'uvo_sparse': 'uvo_sparse'}


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    datasets = parser.add_subparsers(dest='dataset', required=True, metavar='DATASET')
    for name in VIS_DATASETS:
        _add_vis_arguments(_add(datasets, name, 'train', keep_classes=True), name)
    for name in ('davis2016', 'davis2017'):
        davis = _add(datasets, name, None)
        davis.add_argument('--resolution', default='480p', help='folder below JPEGImages')
        _add_sparse(davis)
    davis.add_argument('--unsupervised', action='store_true',
                       help='take Annotations_unsupervised')
    _add_sparse(_add(datasets, 'mose', 'train'))
    sa_v = _add(datasets, 'sa_v')
    _add_frames(sa_v, 'where the annotated frames of training videos are or go')
    sa_v.add_argument('--masklets', choices=('manual', 'auto', 'both'), default='manual')
    vipseg = _add(datasets, 'vipseg', None, keep_classes=True)
    vipseg.add_argument('--stuff', action='store_true', help='take stuff as objects too')
    videos = _add(datasets, 'videos')
    _add_frames(videos, 'where the frames of video files go')
    videos.add_argument('--max-short-side', type=int, metavar='PIXELS',
                        help='make larger extracted frames smaller')
    return parser.parse_args(argv)


def _add(datasets, name: str, split: str | None = '', keep_classes: bool = False):
    """Add a dataset; ``split`` is its default, '' if it has none."""
    parser = datasets.add_parser(name, help=f'convert {name}')
    parser.add_argument('root', type=Path, help='folder that the dataset was unpacked to')
    if split != '':
        parser.add_argument('--split', default=split,
                            help=f'by default {split or "all videos with masks"}')
    parser.add_argument('--out', type=Path, metavar='FILE',
                        help='by default ROOT/annotations/DATASET_SPLIT.json')
    add_engine_arguments(parser)
    parser.add_argument('--lenient', action='store_true',
                        help='leave out faulty videos, warn and count them')
    if keep_classes:
        parser.add_argument('--keep-classes', action='store_true',
                            help='keep the categories; by default all become one, object')
    return parser


def _add_vis_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument('--annotations', type=Path, metavar='FILE',
                        help='JSON of the split, if it is not where it is looked for')
    _add_frames(parser, 'folder of the frames, if it is not where it is looked for')
    parser.add_argument('--no-frames', action='store_true', help='do not look at frames')
    parser.add_argument('--annotated-only', action='store_true', default=name == 'uvo_sparse',
                        help='leave out frames without any mask')


def _add_frames(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument('--frames', type=Path, metavar='DIR', help=text)


def _add_sparse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--sparse', action='store_true',
                        help='frames may lack a mask image; nothing is known there')


def make_source(args: argparse.Namespace):
    """Open the dataset that the command line names."""
    from s2d_plugins import dataset_converters as converters
    if args.dataset in VIS_DATASETS:
        from s2d_plugins.dataset_converters.vis_json import find_layout
        layout = find_layout(args.root, VIS_DATASETS[args.dataset], args.split, args.annotations,
                             args.frames)
        return converters.vis_source(*layout, not args.no_frames, args.annotated_only)
    if args.dataset in ('davis2016', 'davis2017'):
        return converters.davis_source(args.root, int(args.dataset[-4:]), args.split,
                                       args.resolution, getattr(args, 'unsupervised', False),
                                       args.sparse)
    if args.dataset == 'mose':
        return converters.mose_source(args.root, args.split, args.sparse)
    if args.dataset == 'sa_v':
        return converters.sa_v_source(args.root, args.frames, args.masklets)
    if args.dataset == 'vipseg':
        return converters.vipseg_source(args.root, args.split, args.stuff)
    return converters.plain_source(args.root, args.frames, args.max_short_side)


def default_target(args: argparse.Namespace) -> Path:
    """Name the label file after dataset and split; base dataset configs look for it there."""
    root = args.root if args.root.is_dir() else args.root.parent
    kind = '_unsupervised' if getattr(args, 'unsupervised', False) else ''
    split = getattr(args, 'split', None) or 'all'
    return root / 'annotations' / f'{args.dataset}{kind}_{split}.json'


def convert_dataset(args: argparse.Namespace) -> None:
    """Convert with a progress bar; print what was written."""
    from tqdm import tqdm

    with quiet_imports():
        from s2d_plugins.dataset_converters import convert
    out, engine = args.out or default_target(args), engine_of(args)
    source = make_source(args)
    extracts = args.dataset in ('sa_v', 'videos')
    prepare_outputs([args.root, *(source.inputs if out.exists() else ())], files=[out],
                    folders=[args.frames if extracts else None])
    interval = 0.2 if sys.stderr.isatty() else 15.0
    with tqdm(total=len(source.jobs), desc=args.dataset, unit=' videos', mininterval=interval,
              maxinterval=interval) as bar:
        statistics, faults = convert(source, out, getattr(args, 'keep_classes', False),
                                     args.lenient, lambda done, total: bar.update(), engine)
    if faults:
        print(f'warning: {len(faults)} faults, left out; the first:', *faults[:5], sep='\n  ',
              file=sys.stderr)
    if not statistics.instances and args.dataset != 'videos':
        print(f'warning: {out} has no annotations: is this a split for a server?',
              file=sys.stderr)
    print(f'{out}: {statistics.videos} videos, {statistics.frames} frames, '
          f'{statistics.instances} instances, {statistics.keymasks} masks\n'
          f'frames: {source.image_root}')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    return run_tool(lambda: convert_dataset(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
