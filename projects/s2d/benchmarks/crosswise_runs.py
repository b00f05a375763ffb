"""The runs of a crosswise benchmark; what no seed changes is made once for a half."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from crosswise_plan import Plan, Run
from davis_data import DavisData
from filelock import FileLock, Timeout
from mmengine.config import Config
from stage_runs import run_recipe

from s2d_plugins.errors import S2DInputError, S2DUnexpectedError, one_line
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.fileio.whole_files import cannot_write
from s2d_plugins.pipeline.config_checks import check_pipeline_config
from s2d_plugins.pipeline.failures import stops_all
from s2d_plugins.pipeline.stage_names import FRAMES, KEYMASKS, PROPOSALS, TRAININGS
from s2d_plugins.pipeline.workspace import Workspace

#: Stages that the seed of the trainings does not change.
SEEDLESS = (FRAMES, PROPOSALS, KEYMASKS)


def seeded_config(path: Path, seed: int) -> Config:
    """Read a pipeline config and give both of its trainings a seed.

    Raises:
        S2DInputError: If it is no pipeline config.
    """
    cfg = load_config(path)
    check_pipeline_config(cfg)
    for stage in TRAININGS:
        options = dict(cfg[stage].get('options') or {})
        if 'randomness' in options:
            options['randomness'] = dict(options['randomness'], seed=seed)
        else:
            options['randomness.seed'] = seed
        cfg[stage]['options'] = options
    return cfg


def make_runs(plan: Plan, runs: Sequence[Run], data: dict[str, DavisData],
              device: str) -> list[str]:
    """Make or go on with some runs; one that fails does not end the others.

    Args:
        plan: Where they are.
        runs: Which.
        data: Half to its sequences.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:N'``.

    Returns:
        A line for every run or sequence that has a problem.

    Raises:
        S2DInputError: If a config is wrong, or the disk takes nothing more.
    """
    for path in plan.candidates.values():
        seeded_config(path, 0)
    problems = []
    for number, run in enumerate(runs, 1):
        print(f'run {number} of {len(runs)}: {plan.describe(run)}', file=sys.stderr)
        try:
            failures = _make_run(plan, run, data[run.half], device)
        except (S2DInputError, S2DUnexpectedError) as error:
            if stops_all(error):
                raise
            problems.append(f'{plan.describe(run)}: {one_line(error)}')
            print(f'failed: {problems[-1]}', file=sys.stderr)
        else:
            problems += [f'{plan.describe(run)}: {name}: {reason}'
                         for name, reason in failures.items()]
    return problems


def _make_run(plan: Plan, run: Run, data: DavisData, device: str) -> dict[str, str]:
    cfg = seeded_config(plan.candidates[run.candidate], run.seed)
    shared = Workspace(plan.shared_dir(run.half, run.candidate))
    first = Workspace(plan.shared_dir(run.half, next(iter(plan.candidates))))
    with _turn(plan.root / run.half / 'shared.lock'):
        if shared.root != first.root and shared.state.key(FRAMES) is None:
            share_stages(first, shared)  # what its settings change is made again
        run_recipe(cfg, data, shared.root, device, SEEDLESS)
        share_stages(Workspace(shared.root), Workspace(plan.work_dir(run)))
    return run_recipe(cfg, data, plan.work_dir(run), device)


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait until no other process makes what a half's runs share."""
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f'waiting for another process to make {path.with_suffix("")}', file=sys.stderr)
            lock.acquire()
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield
    finally:
        lock.release()


def share_stages(source: Workspace, target: Workspace) -> None:
    """Bring a work dir's frames, proposals and keymasks into another one, as done.

    Files become links to the same content (copies where the file system has none); a stage that
    was made with the same settings stays. Stages are replaced whole, so an interrupted sharing is
    done again.

    Raises:
        S2DInputError: If the other work dir is in use or cannot be written.
    """
    with target.lock():
        for stage in SEEDLESS:
            key = source.state.key(stage)
            if key is None or target.state.key(stage) == key:
                continue
            target.clear_stage(stage)
            _link_folder(source.stage_folder(stage), target.stage_folder(stage))
            for clip in source.clips().values():
                record = source.state.record(stage, clip.name)
                if record is not None:
                    target.state.set_record(stage, clip.name, record)
                if stage == KEYMASKS:
                    target.remove(target.sheet_file(clip.video))
                    _link_file(source.sheet_file(clip.video), target.sheet_file(clip.video))
            target.state.set_key(stage, key)


def _link_folder(source: Path, target: Path) -> None:
    for path in sorted(source.rglob('*')):
        if path.is_file() and not path.name.startswith('.'):
            _link_file(path, target / path.relative_to(source))


def _link_file(source: Path, target: Path) -> None:
    if not source.is_file() or target.exists():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without links
            shutil.copy2(source, target)
    except OSError as error:
        raise cannot_write(target, error) from error
