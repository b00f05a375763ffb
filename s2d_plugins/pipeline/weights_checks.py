"""Published weights that a pipeline's config names are looked for before anything runs."""

from collections.abc import Collection, Iterator
from typing import Any

from mmengine.config import Config

from ..errors import S2DInputError
from ..fileio.weights_cache import PACKAGE_PREFIX, cache_folder, how_to_get, usable_file
from ..fileio.weights_list import WEIGHTS
from ..proposals.build import proposer_settings
from .given_model import has_given_model, stages_of
from .stage_names import KEYMASKS, PROPOSALS, TRAININGS
from .training_config import read_training_config


def named_weights(cfg: Config, stages: Collection[str] | None = None) -> list[str]:
    """Return the published weights that some stages of a pipeline need, each once.

    Args:
        cfg: The pipeline's config.
        stages: By default all that it has.
    """
    stages = stages_of(cfg) if stages is None else stages
    parts = [cfg.get('trained_model')] if has_given_model(cfg) else [
        *([proposer_settings(cfg)] if PROPOSALS in stages else []),
        *([cfg.discovery] if KEYMASKS in stages else []),
        *(_weights_of_training(cfg, stage) for stage in TRAININGS if stage in stages)]
    names = (text.removeprefix(PACKAGE_PREFIX) for text in _texts(parts)
             if text.startswith(PACKAGE_PREFIX))
    return [name for name in dict.fromkeys(names) if name in WEIGHTS]


def check_weights(cfg: Config, stages: Collection[str]) -> None:
    """Check that the published weights that some stages need are ready.

    Raises:
        S2DInputError: Names all that are not, and what to do for each.
    """
    missing = [WEIGHTS[name] for name in named_weights(cfg, stages)
               if not usable_file(WEIGHTS[name]).is_file()]
    if missing:
        advice = '; '.join(f'{entry.name}: {how_to_get(entry)}' for entry in missing)
        raise S2DInputError(f'{cfg.filename} needs weights that are not in {cache_folder()}: '
                            f'{advice}')


def _weights_of_training(cfg: Config, stage: str) -> list[Any]:
    training = read_training_config(cfg, stage)
    return [training.get('load_from'), training.model]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value
