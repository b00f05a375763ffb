"""Propose object masks for every frame of videos; one proposals file per video.

The same command goes on where it was stopped, tries again what failed, and makes again what was
made from another video, other weights or other settings. Started by torchrun or srun, it shares
the videos among the processes, each on a GPU of its own where there are any.

Examples:
    python tools/propose_masks.py configs/proposals/motion_color.py --videos videos/ --out made/
    torchrun --nproc-per-node 4 tools/propose_masks.py ... (the same arguments)
"""

import argparse
import sys
from functools import partial

from s2d_plugins.apis.command_line import (
    add_config_arguments,
    add_engine_arguments,
    engine_of,
    prepare_outputs,
    quiet_imports,
    run_tool,
)
from s2d_plugins.fileio.urls import is_url, location


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument('--videos', nargs='+', required=True, type=location, metavar='PATH',
                        help='video files, folders of frames, or folders of either; also URLs')
    parser.add_argument('--out', required=True, type=location,
                        help='folder for the proposals files; also a URL, such as s3://...')
    parser.add_argument('--overwrite', action='store_true',
                        help='make all files again; by default those that still hold are kept')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm'),
                        help='by default what started the process')
    add_engine_arguments(parser)
    return parser.parse_args(argv)


def propose_elsewhere(args: argparse.Namespace, cfg, engine) -> int:
    """Make proposals of videos in object storage, or send them there."""
    from s2d_plugins.apis.remote_jobs import do_remote_jobs, list_remote_videos
    from s2d_plugins.proposals.video_jobs import ProposalJob, make_proposer
    if not is_url(args.out):
        args.out = args.out.resolve().as_uri()
    videos = [video for place in args.videos for video in list_remote_videos(place)]
    return do_remote_jobs(videos, args.out, partial(make_proposer, cfg), ProposalJob,
                          'proposals files', args.overwrite, engine)


def propose_masks(args: argparse.Namespace) -> int:
    """Make the proposals that are missing or out of date; returns the exit code."""
    with quiet_imports():
        import s2d_plugins.registry  # noqa: F401  makes mmcv's ops importable
        from s2d_plugins.apis.video_jobs import do_video_jobs
        from s2d_plugins.proposals.build import build_ready_proposer, proposer_settings
        from s2d_plugins.proposals.video_jobs import list_jobs, make_proposer, review_jobs
    from s2d_plugins.distributed.workers import detect_launcher, start_workers, use_own_gpu
    from s2d_plugins.engines import LocalEngine
    from s2d_plugins.fileio.configs import load_config
    from s2d_plugins.fileio.named_files import named_paths
    cfg = load_config(args.config, args.cfg_options)
    settings, engine = proposer_settings(cfg), engine_of(args, cfg.get('engine'))
    if isinstance(engine, LocalEngine):
        build_ready_proposer(cfg)  # what is wrong with it is told before the videos are listed
    if is_url(args.out) or any(map(is_url, args.videos)):
        return propose_elsewhere(args, cfg, engine)
    jobs = list_jobs(args.videos, args.out)
    read = named_paths(settings)
    prepare_outputs([args.config, *args.videos, *read], folders=[args.out],
                    files={job.target for job in jobs} & {args.out / path.name for path in read})
    start_workers(args.launcher or detect_launcher())
    use_own_gpu()
    return do_video_jobs(
        jobs, args.out, partial(make_proposer, cfg), lambda jobs: review_jobs(jobs, settings),
        args.overwrite, 'proposals files', engine)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 if a video failed or the input is bad."""
    return run_tool(lambda: propose_masks(parse_args(argv)),
                    'interrupted; the same command goes on after the last finished video')


if __name__ == '__main__':
    sys.exit(main())
