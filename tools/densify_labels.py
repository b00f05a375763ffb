"""Label every frame of the videos of a YouTube-VIS file with a trained model.

The labels of each video go to a file of its own in a work folder, in the end all to one file. The
same command goes on where it was stopped, tries again what failed, and makes again what was made
with another model, other settings or other frames. Started by torchrun or srun, the processes
share the videos, each on a GPU of its own where there are any; the result is the same.

Examples:
    python tools/densify_labels.py CONFIG CHECKPOINT keymasks.json --data-root FRAMES \\
        --out dense.json
    torchrun --nproc-per-node 4 tools/densify_labels.py ... (the same arguments)
    python tools/densify_labels.py ... --keymasks keymasks.json  # which say what is worth learning
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import (
    DEVICES,
    EXIT_INPUT_ERROR,
    Failures,
    add_engine_arguments,
    add_window_arguments,
    engine_of,
    prepare_outputs,
    quiet_imports,
    run_tool,
    window_settings,
)
from s2d_plugins.errors import S2DInputError, one_line

SUPPORT_MIN_SHARE = 0.5


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config that the model was trained with')
    parser.add_argument('checkpoint', help='checkpoint file; of a distiller, its teacher labels')
    parser.add_argument('labels', help='YouTube-VIS JSON whose videos are labelled, for example '
                        'the keymasks; its annotations are not used')
    parser.add_argument('--data-root', required=True,
                        help='folder that the file names in it are relative to')
    parser.add_argument('--out', required=True, type=Path, help='file for the dense labels')
    parser.add_argument('--work-dir', type=Path, help='folder for one label file per video; by '
                        'default OUT with .videos added. It may go once OUT is there')
    parser.add_argument('--overwrite', action='store_true',
                        help='label all videos again; by default those whose labels hold are kept')
    add_window_arguments(parser, score_thr=0.75)
    parser.add_argument('--keymasks', metavar='FILE', help='YouTube-VIS JSON that judges the '
                        'tubes (KeymaskSupport): scores become score times agreement; of the '
                        'same videos as LABELS, and often the same file')
    parser.add_argument('--support-min-share', type=float, metavar='SHARE', help='with --keymasks: '
                        "tubes below this share of their video's best score are left out "
                        f'({SUPPORT_MIN_SHARE} by default)')
    parser.add_argument('--device', help=f'{DEVICES}; by default a GPU where torch sees one, and '
                        'of several processes each its own')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm'),
                        help='by default what started the process')
    add_engine_arguments(parser)
    return parser.parse_args()


def read_videos(path: str) -> list[dict]:
    """Return the videos of a label file."""
    from s2d_plugins.labels.youtube_vis import read_labels
    videos = read_labels(path)['videos']
    if not videos:
        raise S2DInputError(f'{path} has no videos; give YouTube-VIS JSON')
    return videos


def support_config(args: argparse.Namespace) -> dict | None:
    """Return the config of what judges tubes by keymasks, if anything does."""
    if args.keymasks is None:
        if args.support_min_share is not None:
            raise S2DInputError('--support-min-share is about --keymasks; give a file of keymasks '
                                'too')
        return None
    share = SUPPORT_MIN_SHARE if args.support_min_share is None else args.support_min_share
    return dict(type='s2d_plugins.KeymaskSupport', min_share=share)


def find_work(parts: list, stamp: dict, args: argparse.Namespace) -> list[int]:
    """Return the indices of the parts to make, and say why some are made again."""
    from s2d_plugins.apis.dense_parts import review_parts
    if args.overwrite:
        return list(range(len(parts)))
    review = review_parts(parts, args.data_root, stamp)
    for line in review.lines():
        print(one_line(line))
    return [index for index, part in enumerate(parts)
            if part.name in review.changed or not part.path.exists()]


def label_share(segmenter, parts: list, stamp: dict, watch, failures: Failures,
                data_root: str, support) -> None:
    """Make this process's parts, counting their frames as they are done."""
    from s2d_plugins.apis.dense_parts import make_part
    for part in parts:
        counted = 0

        def count(done: int, total: int) -> None:
            nonlocal counted
            watch.advance(done - counted)
            counted = done

        with failures.contained(part.name):
            make_part(segmenter, part, data_root, stamp, count, support)
        watch.advance(part.frames - counted)


def label_on_cluster(engine, parts: list, args: argparse.Namespace, settings: dict, stamp: dict,
                     judge: dict | None, failures: Failures, advance) -> None:
    """Have an engine make parts."""
    from functools import partial

    from s2d_plugins.apis.dense_parts import make_labeller
    from s2d_plugins.engines import Task

    def done(outcome) -> None:
        if outcome.reason is not None:
            failures.note_outcome(outcome)
        advance(outcome.task.content.frames)

    engine.run(partial(make_labeller, args.config, args.checkpoint, args.device, settings,
                       args.data_root, stamp, judge),
               (Task(part.name, part) for part in parts), done,
               shared=[args.work_dir, args.data_root])


def label_together(args: argparse.Namespace, device: str, settings: dict, judge: dict | None,
                   watch, engine) -> int:
    """Do this process's share, or have a cluster do all; the first one writes the label file.

    It holds what all have made.
    """
    from tqdm import tqdm

    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis.dense_parts import (
            judged_parts,
            list_parts,
            merge_parts,
            model_stamp,
            read_keymasks,
        )
        from s2d_plugins.apis.segmenter import VideoSegmenter
    from s2d_plugins.distributed.shares import fair_shares
    from s2d_plugins.engines import LocalEngine
    from s2d_plugins.fileio.configs import load_config
    from s2d_plugins.registry import TASK_UTILS
    first = watch.rank == 0
    support = TASK_UTILS.build(judge) if judge else None
    videos = watch.from_first(read_videos(args.labels) if first else None)
    parts = list_parts(videos, args.work_dir)
    if judge:
        parts = judged_parts(parts, watch.from_first(read_keymasks(args.keymasks, videos)
                                                     if first else None))
    segmenter = VideoSegmenter.from_files(  # on a cluster, workers have their own
        args.config, args.checkpoint, device if isinstance(engine, LocalEngine) else 'cpu',
        **settings)
    stamp = watch.from_first(model_stamp(load_config(args.config).model.to_dict(), args.checkpoint,
                                         segmenter, judge) if first else None)
    todo = watch.from_first(find_work(parts, stamp, args) if first else None)
    shares = fair_shares([parts[index].frames for index in todo], watch.count)
    failures = Failures(len(parts))
    frames, waiting = (sum(part.frames for part in some)
                       for some in (parts, [parts[index] for index in todo]))
    with tqdm(total=frames, initial=frames - waiting, unit=' frames', desc='densify',
              disable=not first) as bar:
        watch.on_progress = lambda done: bar.update(frames - waiting + done - bar.n)
        mine = [parts[todo[index]] for index in shares[watch.rank]]
        if isinstance(engine, LocalEngine):
            label_share(segmenter, mine, stamp, watch, failures, args.data_root, support)
        else:
            label_on_cluster(engine, mine, args, settings, stamp, judge, failures, watch.advance)
        reasons = {name: reason for some in watch.gather(failures.reasons)
                   for name, reason in some.items()}
        watch.on_progress = None
    failures.reasons = {part.name: reasons[part.name] for part in parts if part.name in reasons}
    if first:
        made = [part for part in parts if part.name not in reasons]
        if not made:
            raise S2DInputError(f'none of the {len(videos)} videos of {args.labels} could be '
                                'labelled; nothing is written')
        statistics = merge_parts(made, args.out)
        print(f'{statistics.instances} instances in {statistics.videos} videos '
              f'({len(parts) - len(todo)} from earlier runs); wrote {args.out}')
        if watch.count > 1:
            failures.list_all()
    watch.gather(None)  # none ends before the label file is there: torchrun would end the others
    return failures.exit_code() if first else EXIT_INPUT_ERROR * bool(failures.reasons)


def main() -> int:
    args = parse_args()
    settings, judge, engine = window_settings(args), support_config(args), engine_of(args)
    args.work_dir = args.work_dir or Path(f'{args.out}.videos')
    from s2d_plugins.distributed.process_watch import ProcessWatch
    from s2d_plugins.distributed.workers import detect_launcher, own_device, start_workers
    start_workers(args.launcher or detect_launcher())
    device = own_device(args.device)
    prepare_outputs([args.config, args.checkpoint, args.labels, args.data_root, args.keymasks],
                    files=[args.out], owned=[args.work_dir])
    with ProcessWatch() as watch:
        if watch.count > 1 and args.engine != 'local':
            raise S2DInputError(f'--engine {args.engine} starts its workers itself, and this is '
                                f'one of {watch.count} processes; start the command alone')
        return label_together(args, device, settings, judge, watch, engine)


if __name__ == '__main__':
    sys.exit(run_tool(main, 'interrupted; the same command goes on after the last finished video'))
