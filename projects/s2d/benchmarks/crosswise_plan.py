"""What is run crosswise: two halves of the sequences, seeds, candidates; and where each run is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.fileio.paths import safe_name

#: The 14 sequences of DAVIS 2016 that the project is measured on.
HALVES = dict(
    A=['blackswan', 'bmx-trees', 'car-shadow', 'dog', 'drift-straight', 'kite-surf', 'libby',
       'scooter-black'],
    B=['camel', 'cows', 'drift-chicane', 'goat', 'motocross-jump', 'parkour'])
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Run:
    """One run of the pipeline: a candidate's settings on one half with one seed."""

    half: str
    seed: int
    candidate: str


@dataclass(frozen=True)
class Plan:
    """All runs and their folders.

    Attributes:
        root: Folder of all.
        halves: Name to sequences; two of them.
        seeds: Seeds of both trainings.
        candidates: Name to pipeline config.
    """

    root: Path
    halves: dict[str, list[str]]
    seeds: list[int]
    candidates: dict[str, Path]

    @property
    def runs(self) -> list[Run]:
        """All runs; a seed is complete before the next begins."""
        return [Run(half, seed, candidate) for seed in self.seeds for half in self.halves
                for candidate in self.candidates]

    def other(self, half: str) -> str:
        """Return the half that is not this one."""
        return next(name for name in self.halves if name != half)

    def work_dir(self, run: Run) -> Path:
        """Return a run's work dir."""
        return self._of_candidate(self.root / run.half / f'seed{run.seed}', run.candidate)

    def shared_dir(self, half: str, candidate: str) -> Path:
        """Return the work dir of the stages that no seed changes."""
        return self._of_candidate(self.root / half / 'shared', candidate)

    def _of_candidate(self, folder: Path, candidate: str) -> Path:
        return folder / candidate if len(self.candidates) > 1 else folder

    def describe(self, run: Run) -> str:
        """Name a run in messages."""
        return f'half {run.half}, seed {run.seed}' + (
            f', {run.candidate}' if len(self.candidates) > 1 else '')


def make_plan(root: Path, halves_file: Path | None, seeds: Sequence[int],
              configs: Sequence[Path]) -> Plan:
    """Check what a user asks for.

    Raises:
        S2DInputError: If halves, seeds or candidates cannot be told apart.
    """
    for seed in seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise S2DInputError(f'--seeds: expected numbers from 0 to {LARGEST_SEED}, found {seed}')
    names = Counter(path.stem for path in configs)
    name, count = names.most_common(1)[0]
    if count > 1:
        raise S2DInputError(f'--candidates: {count} files are named {name}.py; the name tells '
                            'candidates apart: rename all but one')
    return Plan(root, HALVES if halves_file is None else read_halves(halves_file),
                list(dict.fromkeys(seeds)), {path.stem: path for path in configs})


def read_halves(path: Path) -> dict[str, list[str]]:
    """Read two named lists of sequences from JSON: ``{"A": ["bear", ...], "B": [...]}``.

    Raises:
        S2DInputError: If it holds anything else, an empty half or a sequence twice.
    """
    halves = read_json(path, dict[str, list[str]])
    if len(halves) != 2 or not all(halves.values()):
        found = ', '.join(f'{name!r} with {len(part)}' for name, part in halves.items())
        raise S2DInputError(f'{path}: expected two halves with sequences, found '
                            f'{found or "none"}; correct the file')
    for name in halves:
        if safe_name(name, '') != name:
            raise S2DInputError(f'{path}: {name!r} cannot name a folder; give the half another '
                                'name')
    name, count = Counter(sum(halves.values(), [])).most_common(1)[0]
    if count > 1:
        raise S2DInputError(f'{path}: {name!r} is there {count} times; what is tuned on a sequence '
                            'cannot be measured on it: name it once')
    return halves
