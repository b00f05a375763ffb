"""Discover keymasks: per video, which proposals are one object over time.

One label file per video. The same command goes on where it was stopped, tries again what failed,
and makes again what was made from another video, other proposals or other settings. Started by
torchrun or srun, it shares the videos among the processes.

Examples:
    python tools/discover_keymasks.py configs/motion/opencv_flow.py \\
        --videos videos/ --proposals proposals/ --out keymasks/
    torchrun --nproc-per-node 4 tools/discover_keymasks.py ... (the same arguments)
"""

import argparse
import sys
from functools import partial

from s2d_plugins.apis.command_line import (
    add_config_arguments,
    add_engine_arguments,
    engine_of,
    prepare_outputs,
    run_tool,
)
from s2d_plugins.fileio.urls import is_url, location


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    parser.add_argument('--videos', required=True, type=location,
                        help='a video, or a folder of videos or folders of frames; also a URL')
    parser.add_argument('--proposals', required=True, type=location,
                        help='folder with one proposals file per video; also a URL')
    parser.add_argument('--out', required=True, type=location,
                        help='folder for the label files; also a URL, such as s3://...')
    parser.add_argument('--overwrite', action='store_true',
                        help='make all files again; by default those that still hold are kept')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm'),
                        help='by default what started the process')
    add_engine_arguments(parser)
    return parser.parse_args(argv)


def discover_elsewhere(args: argparse.Namespace, settings: dict, custom_imports, engine) -> int:
    """Discover keymasks of videos in object storage, or send them there."""
    from s2d_plugins.apis.remote_jobs import do_remote_jobs, list_remote_videos
    from s2d_plugins.keymasks.video_jobs import VideoJob, make_discovery
    if not is_url(args.out):
        args.out = args.out.resolve().as_uri()
    return do_remote_jobs(
        list_remote_videos(args.videos), args.out,
        partial(make_discovery, settings, custom_imports), VideoJob, 'label files',
        args.overwrite, engine,
        lambda name: dict(proposals=f'{str(args.proposals).rstrip("/")}/{name}.json'))


def discover_keymasks(args: argparse.Namespace) -> int:
    """Discover what is missing or out of date; returns the exit code."""
    from s2d_plugins.apis.video_jobs import do_video_jobs
    from s2d_plugins.distributed.workers import detect_launcher, start_workers, use_own_gpu
    from s2d_plugins.errors import S2DInputError
    from s2d_plugins.fileio.configs import config_errors, load_config
    from s2d_plugins.keymasks import KeymaskDiscovery
    from s2d_plugins.keymasks.video_jobs import list_jobs, make_discovery, review_jobs
    cfg = load_config(args.config, args.cfg_options)
    if 'discovery' not in cfg:
        raise S2DInputError(f'{args.config} has no `discovery`; expected '
                            'discovery=dict(motion_prior=dict(type=...))')
    settings = cfg.discovery.to_dict()
    engine = engine_of(args, cfg.get('engine'))
    with config_errors(args.config):
        KeymaskDiscovery(**cfg.discovery.to_dict())
    if any(map(is_url, (args.videos, args.proposals, args.out))):
        return discover_elsewhere(args, settings, cfg.get('custom_imports'), engine)
    prepare_outputs([args.config, args.videos, args.proposals], folders=[args.out])
    start_workers(args.launcher or detect_launcher())
    use_own_gpu()
    return do_video_jobs(
        list_jobs(args.videos, args.proposals, args.out), args.out,
        partial(make_discovery, settings, cfg.get('custom_imports')),
        lambda jobs: review_jobs(jobs, settings), args.overwrite, 'label files', engine)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 if a video failed or the input is bad."""
    return run_tool(lambda: discover_keymasks(parse_args(argv)),
                    'interrupted; the same command goes on after the last finished video')


if __name__ == '__main__':
    sys.exit(main())
