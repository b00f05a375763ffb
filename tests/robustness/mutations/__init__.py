"""Seeded damage: what a disk, a download, another program or an attacker makes of an input."""

import random
from pathlib import Path

from . import checkpoints, configs, files, image_bytes, json_values, videos  # noqa: F401
from .base import MUTATORS, Case, mutators_of

KINDS = tuple(MUTATORS)

__all__ = ['KINDS', 'Case', 'mutate', 'mutators_of']


def mutate(case: Case, path: Path, kind: str, rng: random.Random) -> str:
    """Damage one input by a mutator drawn at random.

    Args:
        case: The folder and command that the input belongs to.
        path: The input, a file or a folder.
        kind: One of :data:`KINDS`.
        rng: Where all choices come from.

    Returns:
        What was done, in words.
    """
    names = list(mutators_of(kind))
    rng.shuffle(names)
    for name in names:
        done = mutators_of(kind)[name](case, path, rng)
        if done is not None:
            return f'{path.relative_to(case.work)}: {name.replace("_", " ")}' + (
                f' ({done[:300]})' if done else '')
    raise AssertionError(f'no mutator of {kind} fits {path}')
