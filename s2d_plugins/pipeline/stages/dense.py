"""The teacher labels every frame of every clip."""

from collections.abc import Callable

from ...apis.densify import densify_clip
from ...errors import S2DInputError
from ...fileio.whole_files import write_json
from ...labels.youtube_vis import merge_labels
from ...structures import Progress
from ..clip_labels import read_clip_labels, trusted
from ..clips import Clip
from ..context import Context
from ..parts import build_refiner, build_support, part_settings
from ..stage_names import DENSE, DISTILL, KEYMASKS
from ..trained_models import load_segmenter, training_stamp
from ..watched_frames import part_of


def run(context: Context) -> None:
    """Label the clips that have no dense labels yet and join all to one file.

    Raises:
        S2DInputError: If the teacher is sure of no object in any clip.
    """
    settings = _settings(context)
    context.begin(DENSE, settings, training_stamp(context, DISTILL),
                  *part_settings(context.cfg, 'dense_support', 'dense_refinement'))
    context.workspace.clear_journals(DENSE, [  # a kill came between result and this
        clip for clip in context.clips
        if context.workspace.clip_file(DENSE, clip.name).is_file()])
    context.for_each_clip(DENSE, ' frames', make_work)
    merged = merge_labels(labels for _, part in context.video_labels(DENSE)
                          for labels in part)
    if not merged['annotations']:
        raise S2DInputError(f'stage {DENSE}: the teacher is sure of no object (no tube with a '
                            f'score of {settings.get("score_thr")} or more); train stage '
                            f'{DISTILL} longer or lower dense.score_thr in '
                            f'{context.cfg.filename}')
    write_json(context.workspace.merged_file(DENSE), merged)


def _settings(context: Context) -> dict:
    return {**context.cfg.get('inference', {}), **context.cfg.get('dense', {})}


def make_work(context: Context) -> Callable[[Clip, Progress], None]:
    """Make what labels a clip; what is wrong with the model is no clip's fault."""
    support = build_support(context.cfg, 'dense_support')
    refiner = build_refiner(context.cfg, 'dense_refinement')
    segmenter = load_segmenter(context, DISTILL, _settings(context))

    def work(clip: Clip, progress: Progress) -> None:
        with context.measured(DENSE, clip.name) as record:
            frames = context.workspace.open_frames(clip)
            journal = context.workspace.journal(DENSE, clip.name)
            labels = densify_clip(segmenter, frames, clip.name, clip.frame_paths,
                                  progress=part_of(progress, 0, 2) if refiner else progress,
                                  journal=journal)
            if support:
                keymasks = read_clip_labels(context.workspace.clip_file(KEYMASKS, clip.name))
                known = trusted(keymasks['annotations'], context.cfg.get('max_one2x', 1.0))
                labels['annotations'] = support(labels['annotations'], known)
            if refiner:
                labels['annotations'] = refiner(frames, labels['annotations'],
                                                part_of(progress, 1, 2))
            record.update(instances=len(labels['annotations']),
                          masks=sum(rle is not None for annotation in labels['annotations']
                                    for rle in annotation['segmentations']))
        write_json(context.workspace.clip_file(DENSE, clip.name), labels)
        context.workspace.clear_journals(DENSE, [clip])
    return work
