"""A pipeline that trains nothing: a model is given, and segments the videos."""

from pathlib import Path

from mmengine.config import Config

from ..apis.segmenter import VideoSegmenter
from ..fileio.checkpoint_sources import local_file
from ..fileio.configs import find_beside
from ..fileio.named_files import file_stamps
from .stage_names import FRAMES, INFER, STAGES


def has_given_model(cfg: Config) -> bool:
    """Say whether a pipeline's config has ``trained_model`` in place of what would train one."""
    return cfg.get('trained_model') is not None


def stages_of(cfg: Config) -> tuple[str, ...]:
    """Return the stages that a pipeline's config has, in the order in which they run."""
    return (FRAMES, INFER) if has_given_model(cfg) else STAGES


def given_model_config(cfg: Config) -> Path:
    """Return the config of the training that the given model comes from.

    Raises:
        S2DInputError: If it is not there.
    """
    return Path(find_beside(cfg.trained_model.config, cfg.filename))


def given_stamp(cfg: Config) -> list:
    """Return what tells a given model from any other."""
    files = given_model_config(cfg), Path(local_file(cfg.trained_model.weights))
    return [cfg.trained_model.to_dict(), file_stamps(files)]


def load_given_model(cfg: Config, device: str, settings: dict) -> VideoSegmenter:
    """Build the given model with its weights.

    Raises:
        S2DInputError: If its weights are not there or do not fit.
    """
    return VideoSegmenter.from_files(given_model_config(cfg), local_file(cfg.trained_model.weights),
                                     device, **settings)
