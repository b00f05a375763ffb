"""Checkpoint files of the converter: read as data, written whole or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from ..errors import S2DInputError
from ..fileio.checkpoints import load_checkpoint
from ..fileio.digests import file_sha256
from ..fileio.paths import check_outputs
from ..fileio.whole_files import whole_file
from .cascade_checkpoint import ConvertedCascade, cascade_to_detectron2, cascade_to_mmdet
from .named_models import PUBLISHED, Layers
from .official_checkpoint import RECORD, Converted, to_official, to_ours

_Result = TypeVar('_Result', Converted, ConvertedCascade)


def convert_file(source: str | Path, target: str | Path, branch: str | None = None,
                 reverse: bool = False, image: bool = False,
                 layers: Layers = PUBLISHED) -> Converted:
    """Convert a file; see :func:`to_ours` and, for ``reverse``, :func:`to_official`.

    The same source gives the same bytes. An existing target is replaced, but only by a whole
    checkpoint; it stays as it is where the conversion fails.

    Raises:
        S2DInputError: If the source cannot be read as data or converted whole, or the target
            cannot be written.
    """
    def conversion(checkpoint: dict) -> Converted:
        if reverse:
            return to_official(checkpoint, branch, layers)
        return to_ours(checkpoint, branch, image, layers)

    return _convert(source, target, conversion)


def convert_cascade_file(source: str | Path, target: str | Path,
                         reverse: bool = False) -> ConvertedCascade:
    """Convert a file with a detector as :func:`convert_file` does.

    See :func:`cascade_to_mmdet` and, for ``reverse``, :func:`cascade_to_detectron2`.

    Raises:
        S2DInputError: If the source cannot be read as data or converted whole, or the target
            cannot be written.
    """
    return _convert(source, target, cascade_to_detectron2 if reverse else cascade_to_mmdet)


def _convert(source: str | Path, target: str | Path,
             conversion: Callable[[dict], _Result]) -> _Result:
    source, target = Path(source).expanduser(), Path(target).expanduser()
    check_outputs([source], files=[target])
    checkpoint = read_file(source)
    try:
        converted = conversion(checkpoint)
    except S2DInputError as error:
        raise S2DInputError(f'{source}: {error}') from error
    record = converted.checkpoint.get('meta', {}).get(RECORD)
    if record is not None:
        record['source_sha256'] = file_sha256(source)
    write_file(target, converted.checkpoint)
    return converted


def read_file(path: Path) -> dict:
    """Read a checkpoint without running code that it may hold.

    Raises:
        S2DInputError: If it is missing, broken, a pickle or holds more than data.
    """
    try:
        checkpoint = load_checkpoint(path)
    except S2DInputError as error:
        if path.suffix == '.pkl' and path.is_file():
            raise S2DInputError(
                f'{path} is a pickle, which may run code when it is read; expected a file that '
                'torch.save wrote. If you trust it, load it with pickle yourself and write it '
                'with torch.save(content, "NAME.pth")') from error
        raise
    if not isinstance(checkpoint, dict):
        raise S2DInputError(f'{path} holds a {type(checkpoint).__name__}; expected a checkpoint, '
                            'tensors by name')
    return checkpoint


def write_file(path: Path, checkpoint: dict) -> None:
    """Write a checkpoint whose bytes depend on its content alone.

    Raises:
        S2DOutputError: If the folder cannot be written or the disk is full.
    """
    with whole_file(path) as temporary:
        try:
            # given a file, not its name: torch writes the name of a file into it
            with temporary.open('wb') as file:
                torch.save(checkpoint, file)
        except RuntimeError as error:  # torch's writer turns a full disk into one
            if isinstance(error.__context__, OSError):
                raise error.__context__ from error
            raise
