"""Segment and track the objects of videos with a trained model."""

import argparse
import sys

from s2d_plugins.apis.command_line import (
    DEVICES,
    Failures,
    add_engine_arguments,
    add_window_arguments,
    engine_of,
    prepare_outputs,
    quiet_imports,
    run_tool,
    window_settings,
)
from s2d_plugins.fileio.urls import is_url

USAGE = '''%(prog)s CONFIG CHECKPOINT INPUT... --out-dir DIR [options]
       %(prog)s NAME INPUT... --out-dir DIR [options]
       %(prog)s INPUT... --model CONFIG|NAME [--weights CHECKPOINT] --out-dir DIR [options]'''


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, usage=USAGE)
    parser.add_argument('positional', nargs='+', metavar='INPUT',
                        help='video files, folders of frames or of videos, patterns in quotes, '
                        'camera:0; before them CONFIG (the config that the model was trained with) '
                        'and CHECKPOINT, or the NAME of a published model, unless --model says it')
    parser.add_argument('--model', help='config, or the name of a model, such as s2d_zeroshot')
    parser.add_argument('--weights', metavar='CHECKPOINT',
                        help='checkpoint file, URL or s2d://NAME; a published model has its own')
    parser.add_argument('--out-dir', required=True,
                        help='for the outputs; of several videos each gets a folder there; also a '
                        'URL, such as s3://...')
    parser.add_argument('--save', default='json,overlay', metavar='NAMES',
                        help='what to write, with commas: json (YouTube-VIS results), overlay, '
                        'png (indexed, as DAVIS has them), labels (YouTube-VIS labels), coco, npz; '
                        'by default %(default)s')
    parser.add_argument('--encoder', default='libx264',
                        help='of the overlay; h264_nvenc and others need a graphics card')
    parser.add_argument('--side-by-side', action='store_true',
                        help='overlay with the video as it is to the left')
    parser.add_argument('--no-ids', action='store_true', help='overlay without numbers')
    parser.add_argument('--no-contours', action='store_true', help='overlay without outlines')
    add_window_arguments(parser, score_thr=0.5)
    add_engine_arguments(parser)
    parser.add_argument('--overwrite', action='store_true', help='segment all videos again; by '
                        'default those whose outputs are complete are kept, and a video that was '
                        'interrupted is gone on with')
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one')
    args = parser.parse_args()
    _read_positional(parser, args)
    return args


def _read_positional(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Tell model and weights from inputs."""
    from s2d_plugins.apis.model_names import PUBLISHED_MODELS, takes_no_weights
    args.inputs = args.positional
    if args.model is None:
        args.model, *args.inputs = args.inputs
        if args.weights is None and args.inputs and not takes_no_weights(args.model):
            args.weights, *args.inputs = args.inputs
    if not args.inputs:
        parser.error('expected CONFIG, CHECKPOINT and at least one video; the NAME of a published '
                     f'model ({", ".join(PUBLISHED_MODELS)}) and a video; or --model and a video; '
                     f'found no video after {args.model} {args.weights or ""}'.rstrip())


def infer_elsewhere(engine, args: argparse.Namespace, settings: dict) -> int:
    """Segment videos in object storage, or send the outputs there; a folder each."""
    from functools import partial
    from pathlib import Path

    from tqdm import tqdm

    from s2d_plugins.apis.inferencer import REMOTE_DONE, make_remote_inferencer, read_style
    from s2d_plugins.apis.remote_jobs import list_remote_videos, names_of
    from s2d_plugins.engines import Task
    from s2d_plugins.fileio.remote import RemoteFolder
    from s2d_plugins.outputs import OutputPlan
    plan = OutputPlan.make('out', ['video'], True, args.save, args.encoder, read_style(dict(
        side_by_side=args.side_by_side, ids=not args.no_ids, contours=not args.no_contours)))
    out = args.out_dir if is_url(args.out_dir) else Path(args.out_dir).resolve().as_uri()
    folder = RemoteFolder(out)
    videos = [video for place in args.inputs for video in list_remote_videos(place)]
    named = list(zip(names_of(videos), videos, strict=True))
    there = set() if args.overwrite else folder.names()
    todo = [(name, video) for name, video in named
            if name not in there or REMOTE_DONE not in folder.names(name)]
    failures, count = Failures(len(named)), 0
    with tqdm(total=len(todo), unit=' videos') as bar:
        def done(outcome) -> None:
            nonlocal count
            if outcome.reason is not None:
                failures.note_outcome(outcome)
            else:
                count += outcome.value
            bar.update()

        engine.run(partial(make_remote_inferencer, args.model, args.weights, args.device, settings,
                           plan, out), (Task(name, (name, video)) for name, video in todo), done)
    print(f'{count} instances in {len(todo) - len(failures.reasons)} of {len(named)} videos '
          f'({len(named) - len(todo)} from earlier runs); wrote {", ".join(plan.formats)} of each '
          f'to {args.out_dir}')
    failures.list_all()
    return failures.exit_code()


def infer_on_cluster(engine, videos: list, args: argparse.Namespace, settings: dict, plan,
                     failures: Failures) -> int:
    """Have an engine segment videos, each with its place in the plan; returns the instances."""
    from functools import partial

    from tqdm import tqdm

    from s2d_plugins.apis.inferencer import make_inferencer
    from s2d_plugins.engines import Task
    count = 0
    with tqdm(total=len(videos), unit=' videos') as bar:
        def done(outcome) -> None:
            nonlocal count
            if outcome.reason is not None:
                failures.note_outcome(outcome)
            else:
                count += outcome.value
            bar.update()

        engine.run(partial(make_inferencer, args.model, args.weights, args.device, settings, plan),
                   (Task(video.name, (index, video)) for index, video in videos), done,
                   shared=[args.out_dir])
    return count


def main() -> int:
    args = parse_args()
    settings, engine = window_settings(args), engine_of(args)
    from tqdm import tqdm

    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis.inference_inputs import list_inputs
        from s2d_plugins.apis.inferencer import S2DInferencer, plan_outputs, read_style
    from s2d_plugins.engines import LocalEngine
    from s2d_plugins.errors import S2DInputError
    if any(map(is_url, (args.out_dir, *args.inputs))):
        return infer_elsewhere(engine, args, settings)
    videos, alone = list_inputs(args.inputs[0] if len(args.inputs) == 1 else args.inputs)
    plan = plan_outputs(videos, alone, args.out_dir, args.save, args.encoder, read_style(dict(
        side_by_side=args.side_by_side, ids=not args.no_ids, contours=not args.no_contours)))
    prepare_outputs([args.model, args.weights], files=plan.files(),
                    folders=[args.out_dir, *plan.folders])
    on_cluster = not isinstance(engine, LocalEngine)
    if on_cluster and any(video.path is None for video in videos):
        raise S2DInputError('--engine ray: expected videos that all nodes can open, found a '
                            'camera; leave --engine out')
    inferencer = S2DInferencer(args.model, args.weights,  # on a cluster, workers have their own
                               'cpu' if on_cluster else args.device, **settings)
    failures, count, kept = Failures(len(videos)), 0, 0
    with plan.lock():
        todo = []
        for index, video in enumerate(videos):
            if args.overwrite:
                plan.forget(index)
            elif inferencer.has_done(video, index, plan):
                kept += 1
                continue
            todo.append((index, video))
        if on_cluster:
            count = infer_on_cluster(engine, todo, args, settings, plan, failures)
        for index, video in () if on_cluster else todo:
            with failures.contained(video.name), tqdm(unit=' frames', desc=video.name) as bar:
                def report(done: int, total: int, bar: tqdm = bar) -> None:
                    bar.total = total
                    bar.update(done - bar.n)
                count += len(inferencer.infer(video, video.open(), index, plan, report))
    if kept:
        print(f'{kept} of {len(videos)} videos were done before; --overwrite makes them again')
    done = len(videos) - kept - len(failures.reasons)
    if kept == len(videos):
        return 0
    print(f'{count} instances; wrote {args.out_dir}/'
          + ' and '.join(sorted({path.name for path in plan.places(0).values()}))
          if alone else f'{count} instances in {done} of {len(videos)} videos; wrote '
          f'{", ".join(plan.formats)} of each to {args.out_dir}')
    failures.list_all()
    return failures.exit_code()


if __name__ == '__main__':
    sys.exit(run_tool(main))
