"""Turn masks of another program into proposals files, one per video.

SOURCE is a folder with, per video, a folder of mask PNGs named like its frames (palette, grey or
colour; 0 or black is none) or VIDEO.npz; or a file of COCO results, with --images. The same
command goes on where it was stopped.

Examples:
    python tools/import_proposals.py masks/ --videos videos/ --out proposals/
    python tools/import_proposals.py results.json --images images.json --videos videos/ --out made/
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import prepare_outputs, quiet_imports, run_tool


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, help='folder of masks, or COCO results')
    parser.add_argument('--videos', nargs='+', required=True, type=Path, metavar='PATH',
                        help='video files, folders of frames, or folders of either')
    parser.add_argument('--out', required=True, type=Path, help='folder for the proposals files')
    parser.add_argument('--images', type=Path, metavar='FILE',
                        help='COCO JSON whose images (VIDEO/FRAME.jpg) the results name')
    parser.add_argument('--score', type=float, default=1.0,
                        help='of masks that have none, 0 to 1')
    parser.add_argument('--void', type=int, metavar='VALUE',
                        help='value of palette and grey PNGs that is no mask, such as 255')
    parser.add_argument('--sparse', action='store_true',
                        help='frames without a PNG have no masks')
    parser.add_argument('--overwrite', action='store_true',
                        help='make all files again; by default those that still hold are kept')
    return parser.parse_args(argv)


def import_proposals(args: argparse.Namespace) -> int:
    """Write the proposals files that are missing or out of date; returns the exit code."""
    with quiet_imports():
        from s2d_plugins.apis.video_jobs import do_video_jobs
        from s2d_plugins.dataset_converters.proposal_sources import source_reader
    from s2d_plugins.fileio.folders import list_entries
    from s2d_plugins.fileio.named_files import file_stamps
    from s2d_plugins.fileio.stamps import Review, make_stamp
    from s2d_plugins.labels.proposals_file import write_proposals
    from s2d_plugins.proposals.video_jobs import list_jobs
    from s2d_plugins.video import open_video, source_stamp
    settings = dict(score=args.score, void=args.void, sparse=args.sparse)
    prepare_outputs([args.source, args.images, *args.videos], folders=[args.out])
    jobs = list_jobs(args.videos, args.out)
    read = source_reader(args.source, args.images, **settings)

    def stamp(job):
        files = [args.source, args.images]
        if args.source.is_dir():
            folder = args.source / job.name
            files = [args.source / f'{job.name}.npz',
                     *(sorted(list_entries(folder)) if folder.is_dir() else ())]
        return make_stamp(video=source_stamp(job.video), masks=file_stamps(files),
                          settings=settings)

    def work(job, progress):
        made_from, video = stamp(job), open_video(job.video, job.name)
        names = [file.stem for file in getattr(video, 'files', ())] or [
            f'{index:05d}' for index in range(len(video))]
        write_proposals(job.target, job.name, video.size, read(job.name, names, video.size),
                        made_from)
        progress(1, 1)

    def review(jobs):
        found = Review()
        for job in jobs:
            if job.target.exists():
                found.holds(job.name, job.target, lambda job=job: stamp(job))
        return found

    return do_video_jobs(jobs, args.out, lambda: work, review, args.overwrite, 'proposals files')


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 if a video failed or the input is bad."""
    return run_tool(lambda: import_proposals(parse_args(argv)),
                    'interrupted; the same command goes on after the last finished video')


if __name__ == '__main__':
    sys.exit(main())
