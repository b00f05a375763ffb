"""The final model segments every video; what a user came for is written here."""

from collections.abc import Callable
from dataclasses import asdict

from ...apis.segmenter import VideoSegmenter
from ...apis.tracks import join_shots, to_results
from ...engines import LocalEngine
from ...fileio.whole_files import write_json
from ...keymasks.mask_vote import Look, MaskVote, masks_per_frame
from ...labels.proposals_file import read_proposals
from ...labels.rle import resized_masks
from ...models.window_inference import Tube
from ...proposals.selection import select_proposals
from ...structures import Progress
from ...video import open_video
from ...visualization import write_overlay
from ..clip_labels import read_annotations, trusted
from ..clips import Clip
from ..context import Context
from ..given_model import stages_of
from ..parts import Refiner, Support, build_refiner, build_support, build_vote, part_settings
from ..result_quality import judge_results
from ..stage_names import DENSE, INFER, KEYMASKS, PER_CLIP, PROPOSALS, TRAININGS
from ..trained_models import load_result_segmenter, result_stamp
from ..watched_frames import part_of


def run(context: Context) -> None:
    """Segment the videos that have no results of this model yet."""
    settings = dict(context.cfg.get('inference', {}))
    context.begin(INFER, settings, result_stamp(context),
                  *part_settings(context.cfg, 'result_support', 'result_refinement',
                                 'result_vote', 'result_quality',
                                 *(['selection'] if context.cfg.get('result_vote') else [])))
    todo = [video for video in dict.fromkeys(clip.video for clip in context.clips)
            if not _is_done(context, video)]
    context.workspace.clear_journals(INFER, [clip for clip in context.clips
                                             if clip.video not in todo])
    if not todo:
        context.console.say(f'{INFER}: done before')
        return
    frames = {video: sum(len(clip.file_names) for clip in context.clips if clip.video == video)
              for video in todo}
    with context.console.bar(INFER, 2 * sum(frames.values()), ' frames') as bar:
        if not isinstance(context.engine, LocalEngine):
            context.on_cluster(make_work, ((video, video, video) for video in todo),
                               lambda video: bar.update(2 * frames[video]))
            return
        work = make_work(context)
        for video in todo:
            before = bar.n

            def report(done: int, total: int, before: int = before) -> None:
                bar.update(before + done - bar.n)

            with context.guard(video):
                work(video, report)


def make_work(context: Context) -> Callable[[str, Progress], None]:
    """Make what segments a video; its progress counts frames twice: segmented and drawn."""
    support = build_support(context.cfg, 'result_support')
    refiner, vote = build_refiner(context.cfg, 'result_refinement'), build_vote(context.cfg)
    segmenter = load_result_segmenter(context, dict(context.cfg.get('inference', {})))

    def work(video: str, progress: Progress) -> None:
        _infer(context, segmenter, support, refiner, vote, video, progress)
    return work


def _is_done(context: Context, video: str) -> bool:
    workspace = context.workspace
    return (workspace.state.record(INFER, video) is not None
            and all(path.is_file() for path in (workspace.results_file(video),
                                                workspace.overlay_file(video),
                                                workspace.summary_file(video))))


def _infer(context: Context, segmenter: VideoSegmenter, support: Support | None,
           refiner: Refiner | None, vote: MaskVote | None, video: str,
           progress: Progress) -> None:
    workspace, done = context.workspace, 0
    clips = [clip for clip in context.clips if clip.video == video]
    source = open_video(context.videos[video], video)
    workspace.remove(workspace.summary_file(video))  # written last, so it tells what is complete
    frames = 2 * sum(len(clip.file_names) for clip in clips)

    def advance(to: int) -> None:
        nonlocal done
        done = to
        progress(done, frames)

    with context.measured(INFER, video) as record:
        shots = []
        for clip in clips:
            length = len(clip.file_names)
            shots.append((clip.start, _segment_clip(
                context, segmenter, support, refiner, vote, clip,
                lambda count, total, before=done, length=length: advance(
                    before + length * count // max(total, 1)))))
        tubes = join_shots(shots, len(source))
        write_json(workspace.results_file(video), to_results(tubes))
        quality = judge_results(context, clips, [part for _, part in shots])
        low = [one['instance'] for one in quality['instances'] if one['low']]
        write_overlay(workspace.overlay_file(video), source, source.size, source.fps,
                      [tube.segmentations for tube in tubes], progress=lambda _: advance(done + 1),
                      unsure=low, times=source.times, **context.cfg.get('overlay', {}))
        record.update(instances=len(tubes), masks=sum(rle is not None for tube in tubes
                                                      for rle in tube.segmentations),
                      low_quality=low, why=quality['why'])
    write_json(workspace.summary_file(video), dict(
        _summary(context, video, clips, len(source)), quality=quality))
    workspace.clear_journals(INFER, clips)


def _segment_clip(context: Context, segmenter: VideoSegmenter, support: Support | None,
                  refiner: Refiner | None, vote: MaskVote | None, clip: Clip,
                  progress: Progress) -> list[Tube]:
    frames = context.workspace.open_frames(clip)
    tubes = [asdict(tube) for tube in segmenter.segment(
        frames, clip.original_size, part_of(progress, 0, 2) if refiner else progress,
        context.workspace.journal(INFER, clip.name))]
    dense = context.workspace.clip_file(DENSE, clip.name)
    if support is not None and dense.is_file():
        tubes = support(tubes, read_annotations(dense, clip.original_size))
    if refiner is not None:
        tubes = refiner(frames, tubes, part_of(progress, 1, 2))
    if vote is not None:  # last: what the stages before have found has been refined too
        tubes = vote(tubes, _looks(context, clip))
    return [Tube(tube['score'], tube['segmentations']) for tube in tubes]


def _looks(context: Context, clip: Clip) -> list[Look]:
    """Return what the stages before have found in a clip, at the size of the source."""
    workspace, count, looks = context.workspace, len(clip.file_names), []
    for stage in (DENSE, KEYMASKS):
        path = workspace.clip_file(stage, clip.name)
        if path.is_file():
            known = trusted(read_annotations(path, clip.original_size),
                            context.cfg.get('max_one2x', 1.0))
            looks.append(masks_per_frame(known, count))
    path = workspace.clip_file(PROPOSALS, clip.name)
    if path.is_file():
        selection = context.cfg.get('selection', {})
        looks.append([resized_masks([mask['segmentation'] for mask in select_proposals(
            frame, **selection)], clip.original_size)
            for frame in read_proposals(path)['frames']])
    return looks


def _summary(context: Context, video: str, clips: list[Clip], num_frames: int) -> dict:
    """Sum up what each stage cost and found; trainings are shared by all videos."""
    state = context.workspace.state
    known, stages = stages_of(context.cfg), {}
    for stage in [name for name in PER_CLIP if name in known]:
        records = [state.record(stage, clip.name) or {} for clip in clips]
        stages[stage] = sum_records(records)
    for stage in [name for name in TRAININGS if name in known]:
        stages[stage] = {**(state.record(stage, stage) or {}), 'shared_by_all_videos': True}
    stages[INFER] = context.record(INFER, video)
    first = clips[0]
    return dict(
        video=video, source=str(context.videos[video]), num_frames=num_frames, fps=first.fps,
        size=list(first.original_size), working_size=list(first.size),
        shots=[[clip.start, clip.stop] for clip in clips], device=context.device, stages=stages,
        seconds=round(sum(part.get('seconds', 0) for part in stages.values()), 2),
        peak_memory_mb=max(part.get('peak_memory_mb', 0) for part in stages.values()))


def sum_records(records: list[dict]) -> dict:
    """Add up seconds and counts of several clips; of their memory, take the most."""
    total: dict = {}
    for record in records:
        for name, value in record.items():
            if not isinstance(value, str):
                before = total.get(name, 0)
                total[name] = max(before, value) if name == 'peak_memory_mb' else before + value
    if 'seconds' in total:
        total['seconds'] = round(total['seconds'], 2)
    return total
