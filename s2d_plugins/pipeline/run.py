"""The whole recipe over one video or many: frames to instances, no labels anywhere."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope

from ..devices import give_back_memory, running_on
from ..engines import Engine, LocalEngine
from ..errors import S2DInputError, one_line, unexpected
from ..fileio.named_files import named_paths
from ..fileio.paths import check_outputs
from ..proposals.build import proposer_settings
from ..video import list_videos, video_names
from .config_checks import check_parts, check_pipeline_config
from .console import Console
from .context import Context
from .expected_time import expected_time
from .failures import describe, one_line_errors, stops_all
from .given_model import has_given_model, stages_of
from .report import write_report
from .result_quality import describe_results
from .run_note import start_note, write_note
from .stage_names import DENSE, DISTILL, FINAL, FRAMES, INFER, KEYMASKS, PROPOSALS, STAGES
from .stages import dense, frames, infer, keymasks, proposals, training
from .workspace import Workspace

_RUN: dict[str, Callable[[Context], None]] = {
    FRAMES: frames.run,
    PROPOSALS: proposals.run,
    KEYMASKS: keymasks.run,
    DISTILL: functools.partial(training.run, stage=DISTILL),
    DENSE: dense.run,
    FINAL: functools.partial(training.run, stage=FINAL),
    INFER: infer.run}


def run_pipeline(cfg: Config, videos: str | Path, work_dir: str | Path,
                 stages: Sequence[str] | None = None, device: str = 'cpu',
                 engine: Engine | None = None) -> dict[str, str]:
    """Run S2D (arXiv 2512.14440) over a video or a folder of videos.

    What an earlier run into the same folder has finished is kept; a stage is made again, with
    all that follow, where its settings or its data have changed.

    Args:
        cfg: Pipeline config, see ``projects/s2d/configs``.
        videos: A video file, a folder of frames, or a folder of either.
        work_dir: Where results go: ``<video>/`` for each video and ``stages/``.
        stages: Names out of :data:`~s2d_plugins.pipeline.stage_names.STAGES`; by default all.
            The others' results are taken as they are.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:N'``.
        engine: Does the stages that go video by video, from proposals on; by default this process.

    Returns:
        For each video that failed, the one line that says why.

    Raises:
        S2DInputError: If nothing can go on.
        S2DUnexpectedError: If that is for a reason that nobody foresaw.
    """
    check_pipeline_config(cfg)
    chosen = _check_stages(cfg, stages)
    paths = list_videos(videos)
    check_outputs(inputs=[videos, *paths, *named_paths(_file_settings(cfg))], owned=[work_dir])
    start = time.monotonic()
    console = Console(Path(work_dir) / 'run.log')
    context = Context(cfg, dict(zip(video_names(paths), paths, strict=True)),
                      Workspace(work_dir), console, device, engine=engine or LocalEngine())
    init_default_scope(cfg.get('default_scope', 's2d_plugins'))
    try:
        with (one_line_errors(console), console.quiet_libraries(), running_on(device),
              context.workspace.lock(), _told(context)):
            context.workspace.clean(context.videos)
            check_parts(cfg, chosen, device)
            _run_stages(context, chosen)
    finally:
        _close(context, time.monotonic() - start)
    return context.failures


@contextlib.contextmanager
def _told(context: Context) -> Iterator[None]:
    """Note what becomes of a run, for the report page, and make the page at its end.

    Neither can make a run fail; the page is left out where the disk is full or it was Ctrl-C.
    """
    path = context.workspace.run_file
    context.note = start_note(path, context.cfg, context.videos, context.device)
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception) and not stops_all(error):
            context.note.update(error=one_line(error) if isinstance(error, S2DInputError) else
                                unexpected(error))
            _report(context)
        raise
    _report(context)


def _report(context: Context) -> None:
    try:
        context.note.update(ended=time.time(), failures=context.failures)
        write_note(context.workspace.run_file, context.note)
        context.console.say(str(write_report(context.workspace.root)))
    except Exception as error:
        context.console.say(f'note: no report page: {describe(error, context.console)}')


def _file_settings(cfg: Config) -> list:
    """Return the settings that may name files which a run reads."""
    if has_given_model(cfg):
        return [cfg.trained_model.to_dict()]
    return [proposer_settings(cfg), cfg.discovery.to_dict()]


def _check_stages(cfg: Config, stages: Sequence[str] | None) -> list[str]:
    known = stages_of(cfg)
    unknown = sorted(set(stages or ()) - set(known))
    if unknown:
        which = 'unknown stage' if unknown[0] not in STAGES else f'{cfg.filename} has no stage'
        raise S2DInputError(f'{which} {unknown[0]!r}; expected some of {", ".join(known)}')
    return [name for name in known if not stages or name in stages]


def _run_stages(context: Context, chosen: Sequence[str]) -> None:
    if FRAMES not in chosen:
        frames.load(context)
        _say_expected_time(context, chosen)
    for number, name in enumerate(chosen, 1):
        if name != FRAMES and not context.clips:
            return
        context.console.say(f'[{number}/{len(chosen)}] {name}')
        context.note.update(stage=name, failures=context.failures)
        write_note(context.workspace.run_file, context.note)
        _RUN[name](context)
        give_back_memory()  # each worker of a training takes what its parent keeps
        if name == FRAMES:
            _say_expected_time(context, chosen)


def _say_expected_time(context: Context, chosen: Sequence[str]) -> None:
    line = expected_time(context, chosen)
    if line is not None:
        context.console.say(line)


def _close(context: Context, seconds: float) -> None:
    """Say what was made, where, in which time, and what failed."""
    say, workspace = context.console.say, context.workspace
    say(f'\nwall time {int(seconds) // 60} min {int(seconds) % 60:02d} s')
    for video in context.videos:
        made = [path.name for path in (workspace.overlay_file(video),
                                       workspace.results_file(video),
                                       workspace.sheet_file(video),
                                       workspace.summary_file(video)) if path.is_file()]
        if made:
            record = _record(context, video)
            say(f'{workspace.video_folder(video)}/: {describe_results(record)}{", ".join(made)}')
            if record.get('why'):
                say(f'  not to be trusted: {record["why"]}')
    if context.failures:
        say(f'{len(context.failures)} of {len(context.videos)} videos have a problem:')
        for video, reason in context.failures.items():
            say(f'  {video}: {reason}')
    context.console.close()


def _record(context: Context, video: str) -> dict:
    try:
        return context.workspace.state.record(INFER, video) or {}
    except S2DInputError:  # a broken state file, which is what ended the run
        return {}
