"""The whole recipe over one video or many: frames to instances, no labels anywhere."""

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope

from ..errors import S2DInputError
from ..video import list_videos, video_names
from .config_checks import check_pipeline_config
from .console import Console
from .context import Context
from .stages import densify, frames, inference, keymasks, proposals, training
from .workspace import Workspace

STAGES: dict[str, Callable[[Context], None]] = dict(
    frames=frames.run,
    proposals=proposals.run,
    keymasks=keymasks.run,
    distill=functools.partial(training.run, stage='distill'),
    densify=densify.run,
    final=functools.partial(training.run, stage='final'),
    infer=inference.run)


def run_pipeline(cfg: Config, videos: str | Path, work_dir: str | Path,
                 stages: Sequence[str] | None = None, device: str = 'cpu') -> dict[str, str]:
    """Run S2D (arXiv 2512.14440) over a video or a folder of videos.

    What an earlier run into the same folder has finished is kept; a stage is made again, with
    all that follow, where its settings or its data have changed.

    Args:
        cfg: Pipeline config, see ``projects/s2d/configs``.
        videos: A video file, a folder of frames, or a folder of either.
        work_dir: Where results go: ``<video>/`` for each video and ``stages/``.
        stages: Names out of :data:`STAGES`; by default all. The others' results are taken as
            they are.
        device: ``'cpu'`` or ``'cuda'``.

    Returns:
        For each video that failed, the one line that says why.

    Raises:
        S2DInputError: If nothing can go on.
    """
    chosen = _check_stages(stages)
    check_pipeline_config(cfg)
    paths = list_videos(videos)
    start = time.monotonic()
    console = Console(Path(work_dir) / 'run.log')
    context = Context(cfg, dict(zip(video_names(paths), paths, strict=True)),
                      Workspace(work_dir), console, device)
    init_default_scope(cfg.get('default_scope', 's2d_plugins'))
    try:
        with console.quiet_libraries(), context.workspace.lock():
            _run_stages(context, chosen)
    finally:
        _close(context, time.monotonic() - start)
    return context.failures


def _check_stages(stages: Sequence[str] | None) -> list[str]:
    unknown = sorted(set(stages or ()) - STAGES.keys())
    if unknown:
        raise S2DInputError(f'unknown stage {unknown[0]!r}; expected some of '
                            f'{", ".join(STAGES)}')
    return [name for name in STAGES if not stages or name in stages]


def _run_stages(context: Context, chosen: Sequence[str]) -> None:
    if 'frames' not in chosen:
        frames.load(context)
    for number, name in enumerate(chosen, 1):
        if name != 'frames' and not context.clips:
            return
        context.console.say(f'[{number}/{len(chosen)}] {name}')
        STAGES[name](context)


def _close(context: Context, seconds: float) -> None:
    """Say what was made, where, in which time, and what failed."""
    say = context.console.say
    say(f'\nwall time {int(seconds) // 60} min {int(seconds) % 60:02d} s')
    for video in context.videos:
        folder = context.workspace.video_folder(video)
        made = [name for name in ('overlay.mp4', 'results.json', 'keymasks.png', 'summary.json')
                if (folder / name).is_file()]
        if made:
            record = context.workspace.state.record('infer', video)
            found = '' if record is None else f'{record["instances"]} instances; '
            say(f'{folder}/: {found}{", ".join(made)}')
    if context.failures:
        say(f'{len(context.failures)} of {len(context.videos)} videos have a problem:')
        for video, reason in context.failures.items():
            say(f'  {video}: {reason}')
    context.console.close()
