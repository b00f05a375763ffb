"""What a run says of its own results: how far to trust each instance, and why nothing is there."""

from collections.abc import Sequence

from ..models.window_inference import Tube
from .clip_labels import read_annotations, trusted
from .clips import Clip
from .context import Context
from .parts import build_quality
from .stage_names import DENSE, KEYMASKS

NOTHING = 'no instance was found in it: no tube of the final model scored high enough'
NO_KEYMASKS = ('it has no keymasks: nothing in it seems to move as a whole, or too much at once; '
               'what is shown was learnt from other videos')
DISAGREE = ('keymasks and dense labels hardly agree with any instance: too little moves by itself '
            'in it, or too much, as in a crowd')


def judge_results(context: Context, clips: Sequence[Clip],
                  tubes: Sequence[Sequence[Tube]]) -> dict:
    """Judge the results of one video by what the stages before have found in it.

    Args:
        context: The run; its config's ``result_quality`` judges, if there is any.
        clips: The clips of the video.
        tubes: Of each clip, at the size of the source.

    Returns:
        ``instances``: for each, in order, its number ``instance`` and what ``result_quality`` says
        of it; ``quality`` of the best and whether it is ``low`` (None and False if nobody judges);
        ``why``: one line if the video's results are not to be trusted, else None.
    """
    judge = build_quality(context.cfg)
    instances: list[dict] = []
    has_keymasks = False
    for clip, part in zip(clips, tubes, strict=True):
        keymasks = trusted(_known(context, KEYMASKS, clip) or [],
                           context.cfg.get('max_one2x', 1.0))
        has_keymasks |= bool(keymasks)
        if judge is not None:
            instances += judge([tube.segmentations for tube in part], keymasks,
                               _known(context, DENSE, clip))
    instances = [dict(instance=number, **one) for number, one in enumerate(instances, 1)]
    low = bool(instances) and all(one['low'] for one in instances)
    why = (NOTHING if not any(tubes) else NO_KEYMASKS if not has_keymasks else
           DISAGREE if low else None)
    return dict(quality=max((one['quality'] for one in instances), default=None), low=low, why=why,
                instances=instances)


def _known(context: Context, stage: str, clip: Clip) -> list[dict] | None:
    path = context.workspace.clip_file(stage, clip.name)
    return read_annotations(path, clip.original_size) if path.is_file() else None


def describe_results(record: dict) -> str:
    """Say in a few words what a video's results are.

    Args:
        record: What was noted of the video in the stage ``infer``.
    """
    if 'instances' not in record:
        return ''
    low = record.get('low_quality', [])
    marked = f' (low quality, marked "?": {", ".join(map(str, low))})' if low else ''
    return f'{record["instances"]} instances{marked}; '
