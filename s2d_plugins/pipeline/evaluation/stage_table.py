"""One table for all stages of a pipeline's work dir: how good are the masks after each?

Three readings of a stage, each as J and F averaged over the frames of a video, then over videos:

* top: without oracle, per frame the mask of the highest score (of tracks: the mask of the
  best track that is not empty there). Only for videos with a single annotated object.
* track: the one track per object that matches best over the whole video (DAVIS, unsupervised).
* best: an oracle that takes per frame and object the mask of highest J.

Keymasks are sparse: only frames that have any count, and their share is in the table. The row
after theirs holds the proposals of the same frames.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import cv2

from ...errors import S2DInputError
from ...evaluation.average_precision import average_precision
from ...evaluation.frame_ap import MEDIUM_IMAGE
from ...evaluation.parallel import parallel_map
from ...evaluation.tables import markdown_table
from ...evaluation.tube_ap import MEDIUM_TUBE
from ..stage_names import KEYMASKS, PROPOSALS, SAME_FRAMES, SPARSE, TRACKED, WITH_MASKS
from .stage_results import Frames, read_stages
from .stage_scores import (
    FrameScores,
    best_values,
    frame_groups,
    mean_measures,
    score_frame,
    top_values,
    track_values,
    tube_group,
)
from .stage_truth import VideoTruth, load_truth

READINGS = ('top', 'track', 'best')
_ROWS = tuple(row for stage in WITH_MASKS
              for row in ((stage, SAME_FRAMES) if stage == KEYMASKS else (stage,)))


def score_video(truth: VideoTruth, stages: dict[str, Frames]) -> dict[str, list[FrameScores]]:
    """Compare every stage's masks with the ground truth of one video.

    Where there are proposals and keymasks, the proposals of the keymasks' frames are there again
    as a stage of their own.

    Raises:
        S2DInputError: If a stage has frames that the ground truth has not.
    """
    cv2.setNumThreads(1)
    last = max(max(frames, default=-1) for frames in stages.values())
    if last >= truth.length:
        raise S2DInputError(f'{truth.name}: masks for frame {last}, but the ground truth has '
                            f'{truth.length} frames; give the annotations of the same frames')
    scored: dict[str, list[FrameScores]] = {stage: [] for stage in stages}
    for number in range(last + 1):
        objects = truth.objects(number)
        for stage, frames in stages.items():
            if number in frames and (frames[number] or stage not in SPARSE):
                scored[stage].append(score_frame(number, frames[number], objects))
    if PROPOSALS in scored and KEYMASKS in scored:
        known = {frame.number for frame in scored[KEYMASKS]}
        scored[SAME_FRAMES] = [frame for frame in scored[PROPOSALS] if frame.number in known]
    return scored


def summarise_video(stage: str, frames: list[FrameScores], truth: VideoTruth) -> dict:
    """The readings of one stage and video, and J per frame."""
    result = dict(frames=len(frames), of_frames=truth.length,
                  masks=float(sum(len(frame.scores) for frame in frames)))
    if not frames:
        return result
    series = dict(frame=[frame.number for frame in frames])
    values = dict(best=best_values(frames))
    if truth.count == 1:
        values['top'] = top_values(frames)[:, None]
    if stage in TRACKED:
        values['track'] = track_values(frames)
    for reading, part in values.items():
        result.update({f'{measure}_{reading}': value
                       for measure, value in mean_measures(part).items()})
        series[f'J_{reading}'] = part[0].mean(axis=0).tolist()
    return dict(result, per_frame=series)


def _summarise_stage(stage: str, videos: dict, scored: dict) -> dict:
    names = [f'{measure}_{reading}' for reading in READINGS for measure in 'JF']
    row = dict(videos=sum(video['frames'] > 0 for video in videos.values()),
               frames=sum(video['frames'] for video in videos.values()),
               of_frames=sum(video['of_frames'] for video in videos.values()))
    masks = sum(video['masks'] for video in videos.values())
    row['masks_per_frame'] = masks / row['frames'] if row['frames'] else None
    for name in names:
        values = [video[name] for video in videos.values() if name in video]
        row[name] = sum(values) / len(values) if values else None
    frame_ap = average_precision([group for frames in scored.values()
                                  for group in frame_groups(frames)], MEDIUM_IMAGE)
    row.update(frame_AP50=frame_ap['AP50'], frame_AP=frame_ap['AP'], frame_AR10=frame_ap['AR10'])
    if stage in TRACKED and stage not in SPARSE:
        tubes = average_precision([tube_group(frames) for frames in scored.values() if frames],
                                  MEDIUM_TUBE)
        row.update(video_AP50=tubes['AP50'], video_AP=tubes['AP'], video_AR10=tubes['AR10'])
    return row


def _work(item: tuple) -> tuple:
    """One video, read and scored in a process of its own."""
    name, gt, work_dir = item
    truth = load_truth(gt, [name])[name]
    stages, _ = read_stages(work_dir, {name: truth.length})
    return name, score_video(truth, {stage: videos[name] for stage, videos in stages.items()})


def evaluate_stages(work_dir: str | Path, gt: str | Path, *,
                    videos: Collection[str] | None = None, jobs: int | None = None,
                    progress: Callable[[str], None] | None = None) -> dict:
    """Evaluate all stages of a work dir on the videos that have ground truth.

    Masks of another size than the ground truth are brought to its size.

    Args:
        work_dir: What ``tools/run_s2d.py`` wrote.
        gt: DAVIS-like folder or YouTube-VIS JSON; videos are matched by name and frames by
            number.
        videos: Names of the videos to evaluate; all that have ground truth by default.
        jobs: Processes; all usable cores by default.
        progress: Called with the name of each finished video.

    Returns:
        ``stages`` (one row each), ``videos`` (name to stage to readings and ``per_frame``) and
        ``without_ground_truth`` (clips).

    Raises:
        S2DInputError: At bad input.
    """
    truths = {name: truth for name, truth in load_truth(gt, videos).items() if truth.count}
    stages, unknown = read_stages(
        work_dir, {name: truth.length for name, truth in truths.items()})
    names = [name for name in truths if any(name in found for found in stages.values())]
    scored: dict = {stage: {} for stage in _ROWS}
    for name, parts in parallel_map(_work, [(name, gt, work_dir) for name in names], jobs):
        for stage, frames in parts.items():
            scored[stage][name] = frames
        if progress is not None:
            progress(name)
    summaries: dict = {name: {} for name in names}
    rows = {}
    for stage, parts in scored.items():
        if not parts:
            continue
        of_stage = {name: summarise_video(stage, frames, truths[name])
                    for name, frames in parts.items()}
        rows[stage] = _summarise_stage(stage, of_stage, parts)
        for name, summary in of_stage.items():
            summaries[name][stage] = summary
    return dict(stages=rows, videos=summaries, without_ground_truth=unknown)


def format_stages(result: dict) -> str:
    """The stage table and a table of J per video, as Markdown in percent."""
    columns = [f'{measure}_{reading}' for reading in READINGS for measure in 'JF']
    columns += ['frame_AP50', 'frame_AR10', 'video_AP50', 'video_AR10']
    rows = [(stage, row['videos'], f'{row["frames"]}/{row["of_frames"]}',
             '-' if row['masks_per_frame'] is None else f'{row["masks_per_frame"]:.1f}',
             *(row.get(name) for name in columns)) for stage, row in result['stages'].items()]
    table = markdown_table(('stage', 'videos', 'frames', 'masks/frame',
                            *(name.replace('_', ' ') for name in columns)), rows, scale=100)
    readings = [(stage, reading) for stage in result['stages']
                for reading in READINGS if reading != 'track' or stage in TRACKED]
    lines = [(name, *(stages.get(stage, {}).get(f'J_{reading}') for stage, reading in readings))
             for name, stages in result['videos'].items()]
    per_video = markdown_table(('J per video', *(' '.join(pair) for pair in readings)), lines,
                               scale=100)
    return f'{table}\n\n{per_video}\n'
