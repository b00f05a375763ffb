"""Look at proposals before training: a picture or video per video, and a report.

Writes VIDEO.png (or VIDEO.mp4 with --video) and report.json: masks per frame, areas, and how
steady the masks are along the optical flow; prints a table with a verdict.

Example:
    python tools/analysis_tools/browse_proposals.py proposals/ --videos videos/ --out look/
"""

import argparse
import sys
from pathlib import Path

from s2d_plugins.apis.command_line import (
    Failures,
    prepare_outputs,
    quiet_imports,
    run_tool,
)
from s2d_plugins.errors import S2DInputError, one_line


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('proposals', type=Path, help='folder with one proposals file per video')
    parser.add_argument('--videos', nargs='+', required=True, type=Path, metavar='PATH',
                        help='video files, folders of frames, or folders of either')
    parser.add_argument('--out', required=True, type=Path, help='folder for pictures and report')
    parser.add_argument('--rows', type=int, default=6, help='frames on a picture')
    parser.add_argument('--video', action='store_true', help='draw all frames, as a video')
    return parser.parse_args(argv)


def read_for(path: Path, video) -> list[list[dict]]:
    """Read the proposals of a video and check that they are of its frames."""
    from s2d_plugins.proposals import PrecomputedProposals
    return PrecomputedProposals(path).propose(video)


def draw(path: Path, video, proposals: list[list[dict]], rows: int | None) -> None:
    """Write a contact sheet of some frames, or without ``rows`` a video of all."""
    import cv2

    from s2d_plugins.visualization import (
        SheetRow,
        VideoWriter,
        contact_sheet,
        fit_size,
        sample_frames,
        write_image,
    )
    from s2d_plugins.visualization.contact_sheet import draw_proposals
    if rows is not None:
        write_image(path, contact_sheet([
            SheetRow(f'frame {index}', video[index], proposals[index], None)
            for index in sample_frames(len(video), rows)]))
        return
    size = fit_size(video.size, 1280)
    with VideoWriter(path, size, getattr(video, 'fps', None) or 10) as writer:
        for index, masks in enumerate(proposals):
            frame = cv2.resize(video[index], size[::-1], interpolation=cv2.INTER_AREA)
            writer.write(draw_proposals(frame, masks))


def browse(args: argparse.Namespace) -> int:
    """Draw and measure all videos; returns the exit code."""
    with quiet_imports():
        from s2d_plugins.apis.proposal_quality import measure_proposals, verdict
        from s2d_plugins.motion import OpenCVFlowPrior
        from s2d_plugins.proposals.video_jobs import list_jobs
    from tqdm import tqdm

    from s2d_plugins.evaluation.tables import markdown_table
    from s2d_plugins.fileio.whole_files import write_json
    from s2d_plugins.video import open_video
    if args.rows < 1:
        raise S2DInputError(f'--rows: expected at least 1, found {args.rows}')
    prepare_outputs([args.proposals, *args.videos], folders=[args.out])
    jobs = list_jobs(args.videos, args.proposals)
    failures, report = Failures(len(jobs)), {}
    for job in tqdm(jobs, unit=' videos'):
        with failures.contained(job.name):
            video = open_video(job.video, job.name)
            proposals = read_for(job.target, video)
            flows = OpenCVFlowPrior(preset='fast').flows(video) if len(video) > 1 else ()
            found = measure_proposals(proposals, flows)
            draw(args.out / f'{job.name}{".mp4" if args.video else ".png"}', video, proposals,
                 None if args.video else args.rows)
            report[job.name] = dict(found, verdict=verdict(found))
    write_json(args.out / 'report.json', report)
    shown = ('masks_per_frame_mean', 'stability', 'stable_pairs')
    print(markdown_table(
        ('video', 'frames', 'masks a frame', 'median area %', 'stability', 'stable pairs',
         'worth going on?'),
        [(one_line(name), found['frames'], f'{found[shown[0]]:.1f}',
          f'{100 * found["areas"][1]:.1f}' if found['areas'] else None,
          *(None if found[key] is None else f'{found[key]:.2f}' for key in shown[1:]),
          found['verdict']) for name, found in report.items()]))
    print(f'wrote {args.out}')
    return failures.exit_code()


def main(argv: list[str] | None = None) -> int:
    """Run the tool; 0, or 2 if a video failed or the input is bad."""
    return run_tool(lambda: browse(parse_args(argv)))


if __name__ == '__main__':
    sys.exit(main())
