"""Mistakes in a pipeline's config are told before hours are spent, not after."""

import functools
import math
import re
from collections.abc import Collection
from typing import Any, get_type_hints

import msgspec
from mmengine.config import Config

from ..arguments import shown
from ..errors import S2DInputError
from ..inference_settings import check_settings
from ..proposals.build import build_ready_proposer, proposer_settings
from .config_kinds import CLOSED, InferenceConfig, PipelineConfig
from .given_model import given_model_config, has_given_model, load_given_model
from .parts import (
    build_discovery,
    build_quality,
    build_refiner,
    build_support,
    build_vote,
    check_selection,
)
from .stage_names import DENSE, INFER, KEYMASKS, PROPOSALS, TRAININGS
from .training_checks import check_training
from .training_config import read_training_config
from .weights_checks import check_weights


def check_pipeline_config(cfg: Config) -> None:
    """Check what can be checked without building anything.

    Raises:
        S2DInputError: If a part is missing, a setting is unknown, of a wrong type or out of
            range, or a training config is not there.
    """
    content = cfg.to_dict()
    given = has_given_model(cfg)
    if not given:
        _check_sections(cfg, content)
    for key in CLOSED:
        _check_names(cfg, content, key)
    _check_values(cfg, content, InferenceConfig if given else PipelineConfig)
    for name in ('inference',) if given else ('inference', 'dense'):
        settings = {**content.get('inference', {}), **content.get(name, {})}
        check_settings(settings, lambda key, name=name: f'{cfg.filename}: {name}.{key}',
                       auto=True)
    if 'overlay' in content:
        _check_overlay(cfg, content['overlay'])
    if given:
        given_model_config(cfg)
        return
    check_selection(cfg)
    proposer_settings(cfg)
    for name in TRAININGS:
        read_training_config(cfg, name)


def _check_overlay(cfg: Config, overlay: dict) -> None:
    from ..visualization import check_encoder
    try:
        check_encoder(overlay.get('encoder', 'libx264'))
    except S2DInputError as error:
        raise S2DInputError(f'{cfg.filename}: overlay: {error}') from error


def check_parts(cfg: Config, stages: Collection[str], device: str) -> None:
    """Build all that some stages will need, and throw it away.

    Raises:
        S2DInputError: If the config describes something that cannot be built.
    """
    check_weights(cfg, stages)
    if has_given_model(cfg):
        load_given_model(cfg, device, {})
        return
    if PROPOSALS in stages:
        build_ready_proposer(cfg)
    if KEYMASKS in stages:
        _check_prior(build_discovery(cfg).motion_prior)
        build_refiner(cfg, 'keymask_refinement')
    for stage, part in ((DENSE, 'dense'), (INFER, 'result')):
        if stage in stages:
            build_support(cfg, f'{part}_support')
            build_refiner(cfg, f'{part}_refinement')
    if INFER in stages:
        build_quality(cfg)
        build_vote(cfg)
    for stage in TRAININGS:
        if stage in stages:
            check_training(cfg, stage, device)


def _check_prior(prior: Any) -> None:
    check = getattr(prior, 'check_ready', None)  # a prior needs no more than `stream`
    if check is not None:
        check()


def _check_sections(cfg: Config, content: dict) -> None:
    for name in ('proposer', 'discovery', *TRAININGS):
        if not isinstance(content.get(name), dict):
            raise S2DInputError(f'{cfg.filename} is not a pipeline config: it has no dict '
                                f'{name}; give one like projects/s2d/configs/demo.py')
    for name in TRAININGS:
        if 'config' not in content[name]:
            raise S2DInputError(f'{cfg.filename}: {name} names no training config; add '
                                f'{name}=dict(config=...)')


def _look_up(content: dict, key: str) -> Any:
    """Return the value at a dotted key, with ``[0]`` for items; None if there is none."""
    try:
        return functools.reduce(lambda part, name: part[int(name) if name.isdecimal() else name],
                                re.findall(r'[^.\[\]]+', key), content)
    except (KeyError, IndexError, TypeError):
        return None


def _check_names(cfg: Config, content: dict, key: str) -> None:
    section, known = _look_up(content, key), get_type_hints(CLOSED[key])
    unknown = sorted(map(str, section.keys() - known)) if isinstance(section, dict) else ()
    if unknown:
        raise S2DInputError(f'{cfg.filename}: {key} has no setting {unknown[0]!r}; expected '
                            f'{", ".join(known)}')


def _check_values(cfg: Config, content: dict, kind: type) -> None:
    try:
        msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).replace('`', '').partition(' - at ')
        key = place.removeprefix('$').removeprefix('.')
        found = _look_up(content, key)
        if key == 'final.init_from':
            reason = 'Expected one of teacher, student or None'
        raise _wrong_value(cfg, key, reason.partition(', got')[0], found) from error
    for key in ('frames', 'max_one2x'):
        _check_finite(cfg, key, content.get(key))


def _check_finite(cfg: Config, key: str, value: Any) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            _check_finite(cfg, f'{key}.{name}', part)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _wrong_value(cfg, key, 'expected a finite number', value)


def _wrong_value(cfg: Config, key: str, expected: str, found: Any) -> S2DInputError:
    return S2DInputError(f'{cfg.filename}: {key}: {expected[0].lower()}{expected[1:]}, found '
                         f'{shown(found)}; correct it')
