"""Stage 6: the final model segments every video; what a user came for is written here."""

from tqdm import tqdm

from ...apis.segmenter import VideoSegmenter
from ...apis.tracks import join_shots, to_results
from ...errors import S2DInputError
from ...fileio.whole_files import write_json
from ...models.window_inference import Tube
from ...video import open_video
from ...visualization import write_overlay
from ..context import Context
from ..resource_monitor import measure_usage
from ..workspace import Clip
from .training import config_path, trained_weights, training_stamp

STAGE = 'infer'
SUMMED_STAGES = ('frames', 'proposals', 'keymasks', 'dense')
SHARED_STAGES = ('distill', 'final')


def run(context: Context) -> None:
    """Segment the videos that have no results of this model yet."""
    settings = dict(context.cfg.get('inference', {}))
    context.begin(STAGE, settings, training_stamp(context, 'final'))
    todo = [video for video in dict.fromkeys(clip.video for clip in context.clips)
            if not _is_done(context, video)]
    if not todo:
        context.console.say(f'{STAGE}: done before')
        return
    segmenter = load_segmenter(context, 'final', settings)
    frames = {video: sum(len(clip.file_names) for clip in context.clips if clip.video == video)
              for video in todo}
    with context.console.bar(STAGE, 2 * sum(frames.values()), ' frames') as bar:
        for video in todo:
            with context.guard(video):
                _infer(context, segmenter, video, bar)


def load_segmenter(context: Context, stage: str, settings: dict) -> VideoSegmenter:
    """Load the model that a training stage made.

    Raises:
        S2DInputError: If the stage has not been run to its end.
    """
    folder = context.workspace.stage_folder(stage)
    weights = trained_weights(folder)
    if weights is None:
        raise S2DInputError(f'there is no trained model in {folder}; run the stage {stage} first')
    return VideoSegmenter.from_files(config_path(context, stage), weights, context.device,
                                     **settings)


def _is_done(context: Context, video: str) -> bool:
    folder = context.workspace.video_folder(video)
    return (context.workspace.state.record(STAGE, video) is not None
            and all((folder / name).is_file() for name in ('results.json', 'overlay.mp4',
                                                           'summary.json')))


def _infer(context: Context, segmenter: VideoSegmenter, video: str, bar: tqdm) -> None:
    clips = [clip for clip in context.clips if clip.video == video]
    source = open_video(context.videos[video], video)
    folder = context.workspace.video_folder(video)
    with measure_usage() as usage:
        shots = [(clip.start, _segment_clip(context, segmenter, clip, bar)) for clip in clips]
        tubes = join_shots(shots, len(source))
        write_json(folder / 'results.json', to_results(tubes))
        write_overlay(folder / 'overlay.mp4', source, source.size, source.fps,
                      [tube.segmentations for tube in tubes], progress=lambda _: bar.update())
    record = dict(seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb,
                  instances=len(tubes), masks=sum(rle is not None for tube in tubes
                                                  for rle in tube.segmentations))
    write_json(folder / 'summary.json', _summary(context, video, clips, record, len(source)))
    context.workspace.state.set_record(STAGE, video, record)


def _segment_clip(context: Context, segmenter: VideoSegmenter, clip: Clip,
                  bar: tqdm) -> list[Tube]:
    before = bar.n
    return segmenter.segment(context.workspace.open_frames(clip), clip.original_size,
                             progress=lambda done, total: bar.update(before + done - bar.n))


def _summary(context: Context, video: str, clips: list[Clip], record: dict,
             num_frames: int) -> dict:
    """Sum up what each stage cost and found; trainings are shared by all videos."""
    state = context.workspace.state
    stages = {}
    for stage in SUMMED_STAGES:
        records = [state.record(stage, clip.name) or {} for clip in clips]
        stages[stage] = sum_records(records)
    for stage in SHARED_STAGES:
        stages[stage] = {**(state.record(stage, stage) or {}), 'shared_by_all_videos': True}
    stages[STAGE] = record
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
            before = total.get(name, 0)
            total[name] = max(before, value) if name == 'peak_memory_mb' else before + value
    if 'seconds' in total:
        total['seconds'] = round(total['seconds'], 2)
    return total
