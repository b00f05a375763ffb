"""Stage 4: the teacher labels every frame of every clip."""

from collections.abc import Callable

from ...apis.densify import densify_clip
from ...errors import S2DInputError
from ...fileio.json_files import read_json
from ...fileio.whole_files import write_json
from ...labels.youtube_vis import merge_labels
from ..context import Context
from ..resource_monitor import measure_usage
from ..workspace import Clip
from .inference import load_segmenter
from .training import training_stamp

STAGE = 'dense'


def run(context: Context) -> None:
    """Label the clips that have no dense labels yet and join all to one file.

    Raises:
        S2DInputError: If the teacher is sure of no object in any clip.
    """
    settings = {**context.cfg.get('inference', {}), **context.cfg.get('dense', {})}
    context.begin(STAGE, settings, training_stamp(context, 'distill'))
    missing = [clip for clip in context.clips
               if not context.workspace.clip_file(STAGE, clip.name).is_file()]
    if missing:
        segmenter = load_segmenter(context, 'distill', settings)

    def work(clip: Clip, progress: Callable[[int, int], None]) -> None:
        with measure_usage() as usage:
            labels = densify_clip(segmenter, context.workspace.open_frames(clip), clip.name,
                                  clip.frame_paths, progress=progress)
        masks = [rle for annotation in labels['annotations']
                 for rle in annotation['segmentations'] if rle is not None]
        context.workspace.state.set_record(STAGE, clip.name, dict(
            seconds=usage.seconds, peak_memory_mb=usage.peak_memory_mb,
            instances=len(labels['annotations']), masks=len(masks)))
        write_json(context.workspace.clip_file(STAGE, clip.name), labels)

    context.for_each_clip(STAGE, ' frames', work)
    merged = merge_labels(read_json(context.workspace.clip_file(STAGE, clip.name))
                          for clip in context.clips)
    if not merged['annotations']:
        raise S2DInputError('stage densify: the teacher is sure of no object (no tube with a '
                            f'score of {settings.get("score_thr")} or more); train stage distill '
                            f'longer or lower dense.score_thr in {context.cfg.filename}')
    write_json(context.workspace.merged_file(STAGE), merged)
