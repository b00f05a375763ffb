"""Does Temporal DropLoss help? Trains variants of the small recipe where the truth is known.

Videos of textured objects that move, hide each other, come in and leave are made with exact masks
(see made_videos.py). Each object keeps its mask in a random third of its frames; what is trained
on these keymasks is measured on other videos with the masks of all frames:

* dense J: mean IoU over frames of the track matched best to each object, whatever its score;
* AP: class-agnostic video AP, which asks for the right scores too.

Writes ablation.md, ablation.json and ablation.jpg. A training takes about 80 seconds of one core. A
finished one is kept: the same command goes on where it was stopped.

Example:
    python projects/s2d/ablation/ablate_temporal_droploss.py --out work_dirs/ablation
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

for _variable in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(_variable, '1')  # before torch is imported: a run takes one core

from s2d_plugins.apis.command_line import quiet_imports, run_tool  # noqa: E402
from s2d_plugins.errors import S2DInputError  # noqa: E402

#: Name of the config in projects/s2d/configs/ablation to (row of the table, title in the figure).
VARIANTS = dict(
    temporal_droploss=('Temporal DropLoss', 'DropLoss'),
    missing_as_empty=('missing frames as empty masks', 'missing = empty'),
    complete_clips=('only fully labelled clips', 'full clips'),
    match_missing_as_empty=('Temporal DropLoss, matching on all frames', 'match all'),
    teacher=('Temporal DropLoss, teacher targets', 'teacher'),
    late_teacher=('Temporal DropLoss, teacher targets from half-time on', 'late teacher'))
#: Likewise, of what clips are made of; all with Temporal DropLoss.
CLIP_VARIANTS = dict(
    clips_from_windows=('clips drawn evenly from all windows', 'windows'),
    augmented_alike=('published augmentation, alike in a clip', 'alike'),
    augmented_per_frame=('published augmentation, anew for each frame', 'per frame'))
#: Likewise, of whether the teacher's targets feel dropout; both as late_teacher.
TEACHER_VARIANTS = dict(
    teacher_dropout=('dropout, also in the teacher (published)', 'dropout'),
    teacher_dropout_off=('dropout in the student alone', 'teacher without'))
ALL_VARIANTS = {**VARIANTS, **CLIP_VARIANTS, **TEACHER_VARIANTS}
NUM_VIDEOS, NUM_HELD_OUT = 120, 24
REPORT = 'ablation'


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', required=True, type=Path, metavar='DIR',
                        help='made videos, logs, results and the report')
    parser.add_argument('--variants', nargs='+', metavar='NAME', default=list(VARIANTS),
                        help=f'some of {", ".join(ALL_VARIANTS)}; by default the first '
                        f'{len(VARIANTS)}')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], metavar='N')
    parser.add_argument('--steps', type=int, help="training steps; by default the configs'")
    parser.add_argument('--jobs', type=int, default=min(2, os.cpu_count() or 1),
                        help='trainings at a time, one core each')
    parser.add_argument('--videos', type=int, default=NUM_VIDEOS, help='training videos')
    parser.add_argument('--held-out', type=int, default=NUM_HELD_OUT, help='held-out videos')
    return parser.parse_args(argv)


def check_args(args: argparse.Namespace) -> None:
    """Check the command line.

    Raises:
        S2DInputError: If a variant is unknown or a number is too small.
    """
    unknown = [name for name in args.variants if name not in ALL_VARIANTS]
    if unknown:
        raise S2DInputError(f'--variants: expected some of {", ".join(ALL_VARIANTS)}, found '
                            f'{unknown[0]!r}')
    for option, least in (('steps', 2), ('jobs', 1), ('videos', 1), ('held_out', 1)):
        value = getattr(args, option)
        if value is not None and value < least:
            raise S2DInputError(f'--{option.replace("_", "-")}: expected at least {least}, found '
                                f'{value}')
    if min(args.seeds) < 0:
        raise S2DInputError(f'--seeds: expected numbers from 0 on, found {min(args.seeds)}')


def train_all(runs: list, jobs: int) -> list[dict]:
    """Execute the runs that have no result yet, some at a time; say what is done and left."""
    from ablation_run import execute, make_data
    results = [run.kept_result() for run in runs]
    missing = [run for run, result in zip(runs, results, strict=True) if result is None]
    results = [result for result in results if result is not None]
    if results:
        print(f'{len(results)} of {len(runs)} runs are kept from before', flush=True)
    for run in missing:
        make_data(run)
    started = time.monotonic()
    for done, result in enumerate(_in_parallel(execute, missing, jobs), 1):
        results.append(result)
        left = (time.monotonic() - started) / done * (len(missing) - done)
        print(f'[{len(results)}/{len(runs)}] {result["variant"]}, seed {result["seed"]}: '
              f'J {100 * result["j"]:.1f}, AP {100 * result["ap"]:.1f} in '
              f'{result["seconds"]:.0f} s; about {left / 60:.0f} min left', flush=True)
    order = [(run.seed, run.variant) for run in runs]
    return sorted(results, key=lambda result: order.index((result['seed'], result['variant'])))


def _in_parallel(work: Callable, items: list, jobs: int) -> Iterator:
    """Yield results in order; after Ctrl-C or an error all processes end.

    Raises:
        S2DInputError: If the system ends a process.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    from s2d_plugins.evaluation.parallel import parallel_map
    try:
        yield from parallel_map(work, items, jobs)
    except TerminatedWorkerError as error:
        raise S2DInputError('a training was killed, perhaps for its memory; run the same command '
                            f'again with fewer than --jobs {jobs}, finished runs are kept'
                            ) from error


def ablate(args: argparse.Namespace) -> None:
    """Train, measure and write the report."""
    check_args(args)
    with quiet_imports():
        from ablation_run import Run
    # variants take turns, so that an interrupted table is even
    runs = [Run(variant, seed, args.out.resolve(), args.videos, args.held_out, args.steps)
            for seed in dict.fromkeys(args.seeds) for variant in dict.fromkeys(args.variants)]
    started = time.monotonic()
    results = train_all(runs, args.jobs)
    write_report(args, runs, results, time.monotonic() - started)


def write_report(args: argparse.Namespace, runs: list, results: list[dict],
                 seconds: float) -> None:
    """Write table, numbers and picture, and print the table."""
    import torch
    from ablation_report import choose_video, draw_figure, report_text

    from s2d_plugins.fileio.whole_files import write_bytes, write_json, write_text
    shown = [run for run in runs if run.seed == args.seeds[0]]
    video = choose_video([result for result in results if result['seed'] == args.seeds[0]])
    picture = draw_figure(shown, video, [ALL_VARIANTS[run.variant][1] for run in shown])
    setting = dict(steps=results[0]['steps'], seeds=', '.join(map(str, args.seeds)),
                   videos=f'{args.videos} to train on, {args.held_out} held out',
                   picture=f'{video}, seed {args.seeds[0]}', torch=torch.__version__,
                   cpu_minutes=round(sum(result['cpu_seconds'] for result in results) / 60, 1),
                   wall_minutes_of_this_call=round(seconds / 60, 1))
    text = report_text(results, {name: row for name, (row, _) in ALL_VARIANTS.items()}, setting)
    write_bytes(args.out / f'{REPORT}.jpg', jpeg_bytes(picture))
    write_json(args.out / f'{REPORT}.json', dict(setting=setting, runs=results))
    write_text(args.out / f'{REPORT}.md', text)
    print(f'{text}\nwritten to {args.out}: {REPORT}.md, {REPORT}.json, {REPORT}.jpg')


def jpeg_bytes(image) -> bytes:
    """Encode an RGB image."""
    import cv2
    return cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 at bad input."""
    args = parse_args(argv)
    return run_tool(lambda: ablate(args), 'interrupted; run the same command again to go on')


if __name__ == '__main__':
    sys.exit(main())
