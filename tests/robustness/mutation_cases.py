"""One numbered case: inputs of a target, one of them broken, the tool run, its end judged."""

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .mutations import Case, mutate
from .mutations.checkpoints import EXECUTED
from .runner import SECONDS, Outcome, ToolServer
from .targets import Target, Templates

#: Notes for the next run, by design.
_NOTES = ('.failures', '.made_from.json')
#: How often a kind of input is chosen, folders and lists once.
_SHARES = dict(json=4, config=3, checkpoint=3, image=2, video=3)
_OUR_OWN = {'work', 'tmp', 'home', 'stdout', 'stderr'}


@dataclass
class Record:
    """A case and how it ended."""

    number: int
    target: str
    kind: str
    mutation: str
    outcome: Outcome

    def __str__(self) -> str:
        outcome = self.outcome
        return (f'case {self.number}, {self.target}: {outcome.problem}\n  {outcome.command}\n  '
                f'{self.mutation}\n  exit code {outcome.code}, {outcome.seconds:.1f} s, '
                f'{outcome.peak_mb:.0f} MB\n' + '\n'.join(
                    f'    {line}' for line in outcome.tail.splitlines()[-25:]))


def target_of(number: int, seed: int, targets: Sequence[Target]) -> Target:
    """Return whose turn it is: all targets in turn, by their weights."""
    wheel = [target for target in targets for _ in range(round(2 * target.weight))]
    random.Random(f'wheel {seed}').shuffle(wheel)
    return wheel[number % len(wheel)]


def run_case(number: int, seed: int, target: Target, templates: Templates, server: ToolServer,
             folder: Path, seconds: float = SECONDS) -> Record:
    """Run one case.

    Args:
        number: With the seed, all that decides what is broken, and how.
        seed: Of the whole run.
        target: Whose turn it is.
        templates: Valid inputs.
        server: Where the tool is run.
        folder: New folder for the case; it is kept.
        seconds: Wall limit.
    """
    rng = random.Random(f'{seed}:{number}:{target.name}')
    folder.mkdir(parents=True)
    work = folder / 'work'
    templates.copy(target, work, server)
    case = Case(work, list(target.args))
    kind, path = _choose_input(target, work, rng)
    mutation = mutate(case, path, kind, rng)
    before = _stamps(work)
    outcome = server.run(target.tool, case.args, folder, seconds)
    if outcome.problem is None:
        outcome.problem = find_damage(folder, before, target)
    elif (work / EXECUTED).exists():
        outcome.problem = 'code in the input was run'
    return Record(number, target.name, kind, mutation, outcome)


def _choose_input(target: Target, work: Path, rng: random.Random) -> tuple[str, Path]:
    """Choose a pattern, then a file of it; seldom an output that is something else already."""
    if target.outputs and rng.random() < 0.06:
        return 'output', work / rng.choice(target.outputs)
    patterns = sorted(target.inputs)
    pattern, = rng.choices(patterns, [_SHARES.get(target.inputs[name], 1) for name in patterns])
    paths = sorted(work.glob(pattern))
    if target.inputs[pattern] == 'folder':
        paths = [path for path in paths if path.is_dir()]
    return target.inputs[pattern], rng.choice(paths)


def find_damage(folder: Path, before: dict[Path, tuple], target: Target) -> str | None:
    """Say what a run that ended well has left or destroyed; None if nothing.

    Args:
        folder: Of the case.
        before: :func:`_stamps` of its inputs.
        target: Says what may be written.
    """
    work = folder / 'work'
    if (work / EXECUTED).exists():
        return 'code in the input was run'
    outside = sorted({path.name for path in folder.iterdir()} - _OUR_OWN)
    if outside:
        return f'wrote outside of its folder: {outside[0]}'
    after = _stamps(work)
    writable = [work / name for name in (*target.outputs, *target.writes_into)]
    for path, stamp in before.items():
        if after.get(path) != stamp and not any(path.is_relative_to(place) for place in writable):
            return f'changed an input: {path.relative_to(work)}'
    for path in sorted(after.keys() - before.keys()):
        problem = _stray_or_broken(path)
        if problem:
            return f'{problem}: {path.relative_to(work)}'
    left = sorted(path.name for path in (folder / 'tmp').iterdir())
    return f'left a temporary file: {left[0]}' if left else None


def _stray_or_broken(path: Path) -> str | None:
    if path.name.startswith(('.', 'tmp')) and path.name not in _NOTES:
        return 'left a temporary file'
    if path.suffix == '.json' and path.is_file() and 'vis_data' not in path.parts:
        try:
            json.loads(path.read_text(), parse_constant=_no_constant)
        except (ValueError, OSError) as error:
            return f'wrote broken JSON ({str(error)[:60]})'
    return None


def _no_constant(name: str) -> None:
    raise ValueError(f'{name} is not JSON')


def _stamps(folder: Path) -> dict[Path, tuple]:
    """Return type, size and time of change of all below a folder; of folders, the type."""
    stamps, waiting = {}, [folder]
    while waiting:
        for path in waiting.pop().iterdir():
            status = path.lstat()
            is_folder = path.is_dir() and not path.is_symlink()
            stamps[path] = (status.st_mode,) if is_folder else (
                status.st_mode, status.st_size, status.st_mtime_ns)
            if is_folder:
                waiting.append(path)
    return stamps


def discard(folder: Path) -> None:
    """Remove the folder of a case."""
    shutil.rmtree(folder, ignore_errors=True)
