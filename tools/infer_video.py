"""Segment and track the objects of videos with a trained model."""

import argparse
import sys

from s2d_plugins.apis.command_line import (
    DEVICES,
    Failures,
    add_window_arguments,
    prepare_outputs,
    quiet_imports,
    run_tool,
    window_settings,
)

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
                        help='for the outputs; of several videos each gets a folder there')
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


def main() -> int:
    args = parse_args()
    settings = window_settings(args)
    from tqdm import tqdm

    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis.inference_inputs import list_inputs
        from s2d_plugins.apis.inferencer import S2DInferencer, plan_outputs, read_style
    videos, alone = list_inputs(args.inputs[0] if len(args.inputs) == 1 else args.inputs)
    plan = plan_outputs(videos, alone, args.out_dir, args.save, args.encoder, read_style(dict(
        side_by_side=args.side_by_side, ids=not args.no_ids, contours=not args.no_contours)))
    prepare_outputs([args.model, args.weights], files=plan.files(),
                    folders=[args.out_dir, *plan.folders])
    inferencer = S2DInferencer(args.model, args.weights, args.device, **settings)
    failures, count, kept = Failures(len(videos)), 0, 0
    with plan.lock():
        for index, video in enumerate(videos):
            if args.overwrite:
                plan.forget(index)
            elif inferencer.has_done(video, index, plan):
                kept += 1
                continue
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
