"""What a training stage leaves behind: a note that it is complete, its weights and its config."""

import time
from pathlib import Path

from ..apis.segmenter import VideoSegmenter
from ..errors import S2DInputError
from ..fileio import json_kinds
from ..fileio.digests import file_digest
from ..fileio.json_files import read_json
from ..fileio.paths import check_inside
from ..fileio.whole_files import write_json
from .context import Context
from .given_model import given_stamp, has_given_model, load_given_model
from .stage_names import FINAL


def config_path(context: Context, stage: str) -> Path:
    """Return where the config that was really used is, for building the model later."""
    return context.workspace.stage_folder(stage) / 'config.py'


def note_training(folder: Path, checkpoint: Path) -> None:
    """Note that a training is complete."""
    write_json(_note(folder), dict(checkpoint=checkpoint.name, finished=time.time()))


def trained_weights(folder: Path) -> Path | None:
    """Return the checkpoint of a completed training; None if there is none.

    Raises:
        S2DInputError: If the note of its end is broken or names a file elsewhere.
    """
    path = _note(folder)
    if not path.is_file():
        return None
    try:
        name = read_json(path, json_kinds.TrainingDone)['checkpoint']
        check_inside(name, str(path))
    except S2DInputError as error:
        raise S2DInputError(f'{str(error).rpartition(";")[0] or error}; delete it and run the '
                            'same command again: the training goes on from its newest '
                            'checkpoint') from error
    return folder / name if (folder / name).is_file() else None


def training_stamp(context: Context, stage: str) -> str | None:
    """Return what tells a completed training from any other, also from one like it."""
    note = _note(context.workspace.stage_folder(stage))
    return file_digest(note) if note.is_file() else None


def result_stamp(context: Context) -> object:
    """Return what tells the model of the results from any other, trained here or given."""
    if has_given_model(context.cfg):
        return given_stamp(context.cfg)
    return training_stamp(context, FINAL)


def load_result_segmenter(context: Context, settings: dict) -> VideoSegmenter:
    """Load the model that makes the results: the given one, or that of the final training.

    Raises:
        S2DInputError: If it is not there, or does not fit its config.
    """
    if has_given_model(context.cfg):
        return load_given_model(context.cfg, context.device, settings)
    return load_segmenter(context, FINAL, settings)


def load_segmenter(context: Context, stage: str, settings: dict) -> VideoSegmenter:
    """Load the model that a training stage made.

    Raises:
        S2DInputError: If the stage has not been run to its end.
    """
    folder = context.workspace.stage_folder(stage)
    weights = trained_weights(folder)
    if weights is None:
        raise S2DInputError(f'there is no trained model in {folder}; run the stage {stage} first')
    return VideoSegmenter.from_files(config_path(context, stage), weights, context.device,
                                     **settings)


def _note(folder: Path) -> Path:
    return folder / 'done.json'
