"""The table of mutators."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Case:
    """A folder of inputs and the command that reads them.

    Attributes:
        work: The folder, which the command runs in.
        args: The command's arguments; paths are relative to ``work``.
    """

    work: Path
    args: list[str]

    def rename(self, path: Path, name: str) -> Path | None:
        """Rename an input, and in the command if that names it; None if the name is impossible."""
        target = path.with_name(name)
        try:
            path.rename(target)
        except (OSError, ValueError):
            return None
        before, after = (str(place.relative_to(self.work)) for place in (path, target))
        after = f'./{after}' if after.startswith('-') else after
        self.args = [after if arg == before else arg for arg in self.args]
        return target


#: A mutator damages an input and says how; '' if its name says all, None if it does not apply.
Mutator = Callable[[Case, Path, random.Random], str | None]
MUTATORS: dict[str, dict[str, Mutator]] = {}


def mutator(*kinds: str) -> Callable[[Mutator], Mutator]:
    """Enter a mutator for some kinds of inputs; its name says what it does."""
    def enter(function: Mutator) -> Mutator:
        for kind in kinds:
            MUTATORS.setdefault(kind, {})[function.__name__] = function
        return function
    return enter


def mutators_of(kind: str) -> dict[str, Mutator]:
    """Return the mutators of a kind by their names."""
    return MUTATORS[kind]


def write_bytes(path: Path, data: bytes) -> str:
    """Write and return '' (the name of the mutator says all)."""
    path.write_bytes(data)
    return ''
