"""The folder that published weights lie in, and what to do about those that do not.

A published file lies in it as ``NAME.pth``, as it was downloaded. One in another layout than ours
lies converted in ``converted/NAME.pth`` beside; that is what ``s2d://NAME`` stands for then.
"""

import os
from pathlib import Path

from ..errors import S2DInputError
from .plain_files import check_is_file
from .weights_list import WEIGHTS, PublishedWeights

#: The environment variable that names the folder.
CACHE_VARIABLE = 'S2D_WEIGHTS'
#: Before the name of weights that this package has or knows.
PACKAGE_PREFIX = 's2d://'
TOOL = 'python tools/download_weights.py'


def cache_folder(folder: str | Path | None = None) -> Path:
    """Return the folder of published weights.

    Args:
        folder: Given by the user; else the environment variable ``S2D_WEIGHTS`` says it, else it
            is ``s2d`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    chosen = folder or os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    home = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(home).expanduser().absolute() / 's2d'


def find_entry(name: str) -> PublishedWeights:
    """Return the table's entry of a name.

    Raises:
        S2DInputError: If there is none.
    """
    if name not in WEIGHTS:
        raise S2DInputError(f'no published weights are named {name}; expected one of '
                            f'{", ".join(WEIGHTS)}')
    return WEIGHTS[name]


def published_file(entry: PublishedWeights, folder: str | Path | None = None) -> Path:
    """Return where a published file lies, or belongs."""
    return cache_folder(folder) / entry.file_name


def usable_file(entry: PublishedWeights, folder: str | Path | None = None) -> Path:
    """Return where the file lies, or will lie, that our models take."""
    published = published_file(entry, folder)
    return published if entry.layout is None else published.parent / 'converted' / published.name


def how_to_get(entry: PublishedWeights, folder: str | Path | None = None) -> str:
    """Say in a line what to do for weights that are not there."""
    published = published_file(entry, folder)
    run = f'{TOOL} {entry.name}' + (f' --cache {published.parent}' if folder else '')
    if published.is_file():
        return f'run `{run}`, which converts {published}'
    if not entry.by_hand:
        return f'run `{run}`, which fetches {entry.url}'
    return (f'fetch it by hand from {entry.url} (the page needs a click), save it as {published}'
            + ('' if entry.layout is None else f' and run `{run}`, which converts it'))


def find_weights(name: str) -> Path:
    """Return the file of published weights that our models take.

    Raises:
        S2DInputError: If there are no such weights, or their file is not there; the line says what
            to fetch, from where, and where to put it.
    """
    entry = find_entry(name)
    path = usable_file(entry)
    if not path.exists():
        raise S2DInputError(f'the weights {name} are not in {cache_folder()}: {how_to_get(entry)}')
    check_is_file(path, f'the weights {name}')
    return path
