"""How long a run will take, said at its start."""

import statistics
import time
from collections.abc import Callable, Collection
from pathlib import Path

import torch

from ..proposals.build import proposer_settings
from ..proposals.outline_cues import GAPS
from .context import Context
from .given_model import given_model_config, has_given_model
from .stage_names import DENSE, DISTILL, FINAL, INFER, KEYMASKS, PER_CLIP, PROPOSALS, TRAININGS
from .trained_models import trained_weights
from .training_config import read_training_config

#: Seconds a frame of 854 x 480 takes, and seconds a step, with the parts of the small recipe on two
#: quiet cores of an AMD EPYC. Measured on one core (14 sequences of DAVIS 2016, 898 frames) and
#: brought to two by the probe, which takes 12.7 ms on one and :data:`REFERENCE_PROBE` on both; the
#: proposals, which hardly use a second core, as measured.
FRAME_SECONDS = {PROPOSALS: 0.27, KEYMASKS: 0.055, DENSE: 0.15, INFER: 0.11}
#: Seconds that a ``LearntOutline`` adds to a frame for each of its gaps: what keymasks of the demo
#: took beyond their share of :data:`FRAME_SECONDS`. More instances take more.
OUTLINE_SECONDS = 0.05
STEP_SECONDS = {'s2d_small': 0.49, 'final_small': 0.36}
REFERENCE_PROBE = 0.0076
REFERENCE_PIXELS = 854 * 480
#: Stages whose time grows with the frames; the models' frames are of one size.
_BY_PIXELS = (PROPOSALS, KEYMASKS)
_REFINEMENTS = {KEYMASKS: 'keymask_refinement', DENSE: 'dense_refinement',
                INFER: 'result_refinement'}
_MEASURED_PROPOSERS = ('MotionColorProposer', 'PrecomputedProposals')
_MEASURED_PRIORS = ('OpenCVFlowPrior',)


def probe_seconds(repeats: int = 15) -> float:
    """Measure a small convolution: the median time of one, a fifth of a second in all."""
    images, weights = torch.ones(1, 64, 96, 160), torch.ones(64, 64, 3, 3)
    times = []
    with torch.no_grad():
        torch.conv2d(images, weights, padding=1)
        for _ in range(repeats):
            start = time.perf_counter()
            torch.conv2d(images, weights, padding=1)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def expected_time(context: Context, stages: Collection[str],
                  probe: Callable[[], float] = probe_seconds) -> str | None:
    """Say how long the stages that follow ``frames`` will take; None if nothing is left to do.

    What is there counts as done, though changed settings may have it made again.

    Args:
        context: The run, with its clips.
        stages: The stages that it goes through.
        probe: Measures this machine, in seconds.
    """
    clips, steps = _open_work(context, stages)
    if not any(clips.values()) and not any(steps.values()):
        return None
    count = sum(len(clip.file_names) for clip in context.clips)
    task = f'{count} frames'
    numbers = ' + '.join(str(number) for number in steps.values() if number)
    task += f' ({numbers} training steps)' if numbers else ''
    if context.device != 'cpu':
        return f'expected: not measured on a GPU; the bars tell, for {task}'
    unknown = _not_measured(context, clips, steps)
    if unknown:
        return f'expected: not measured for {unknown}; the bars tell, for {task}'
    seconds = sum(_clip_seconds(context, stage, names) for stage, names in clips.items())
    seconds += sum(number * STEP_SECONDS[_config_name(context, stage)]
                   for stage, number in steps.items())
    return f'expected: {_duration(seconds * probe() / REFERENCE_PROBE)} for {task} on this CPU'


def _open_work(context: Context, stages: Collection[str],
               ) -> tuple[dict[str, set[str]], dict[str, int | None]]:
    """Names of the clips that each stage has to do, and steps of each training.

    A stage that learns or is learnt from works on all again when one before it has work to do.
    """
    clips: dict[str, set[str]] = {}
    steps: dict[str, int | None] = {}
    changed = False
    for stage in (stage for stage in (PROPOSALS, KEYMASKS, DISTILL, DENSE, FINAL, INFER)
                  if stage in stages):
        if stage in TRAININGS:
            folder = context.workspace.stage_folder(stage)
            if changed or trained_weights(folder) is None:
                steps[stage] = _steps(context, stage, 0 if changed else _steps_done(folder))
                changed = True
        else:
            again = changed and stage in (DENSE, INFER)
            clips[stage] = {clip.name for clip in context.clips
                            if again or not _is_done(context, stage, clip.name, clip.video)}
            changed |= bool(clips[stage])
    return clips, steps


def _is_done(context: Context, stage: str, clip: str, video: str) -> bool:
    workspace = context.workspace
    return (workspace.clip_file(stage, clip) if stage in PER_CLIP else
            workspace.summary_file(video)).is_file()


def _steps(context: Context, stage: str, done: int) -> int | None:
    total = read_training_config(context.cfg, stage).train_cfg.get('max_iters')
    return max(0, total - done) if isinstance(total, int) else None


def _steps_done(folder: Path) -> int:
    """Steps of the newest checkpoint of a training that was stopped, by its name."""
    numbers = [path.stem.removeprefix('iter_') for path in folder.glob('iter_*.pth')]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _not_measured(context: Context, clips: dict[str, set[str]],
                  steps: dict[str, int | None]) -> str:
    """Name a part whose time is unknown; empty if there is none."""
    if has_given_model(context.cfg):
        return given_model_config(context.cfg).stem
    found = []
    if clips.get(PROPOSALS):
        kind = _type_name(proposer_settings(context.cfg))
        found += [kind] * (kind not in _MEASURED_PROPOSERS)
    if clips.get(KEYMASKS):
        kind = _type_name(context.cfg.discovery.get('motion_prior') or {})
        found += [kind] * (kind not in _MEASURED_PRIORS)
    names = [_config_name(context, stage) for stage in steps]
    found += [name for name, number in zip(names, steps.values(), strict=True)
              if number is None or name not in STEP_SECONDS]
    return ', '.join(dict.fromkeys(found))


def _type_name(settings: dict) -> str:
    return str(settings.get('type')).rpartition('.')[2]


def _config_name(context: Context, stage: str) -> str:
    return Path(context.cfg[stage].config).stem


def _clip_seconds(context: Context, stage: str, names: set[str]) -> float:
    if stage == PROPOSALS and _type_name(
            proposer_settings(context.cfg)) == 'PrecomputedProposals':
        return 0.0
    outlines = _outline_seconds(context, stage)
    return sum((FRAME_SECONDS[stage]
                * (clip.size[0] * clip.size[1] / REFERENCE_PIXELS if stage in _BY_PIXELS else 1)
                + outlines) * len(clip.file_names)
               for clip in context.clips if clip.name in names)


def _outline_seconds(context: Context, stage: str) -> float:
    """Seconds a frame for the outlines of a stage; they are drawn at one size."""
    settings = context.cfg.get(_REFINEMENTS.get(stage, '')) or []
    parts = [settings] if isinstance(settings, dict) else settings
    return sum(OUTLINE_SECONDS * len(part.get('gaps', GAPS)) for part in parts
               if _type_name(part) == 'LearntOutline')


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return 'less than a minute'
    return f'about {minutes} min' if minutes < 60 else f'about {minutes // 60} h {minutes % 60} min'
