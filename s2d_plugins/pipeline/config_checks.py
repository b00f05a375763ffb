"""Mistakes in a pipeline's config are told before hours are spent, not after."""

from mmengine.config import Config

from ..apis.segmenter import SETTINGS, check_window
from ..errors import S2DInputError
from ..fileio.configs import find_beside, load_config

TRAININGS = ('distill', 'final')
INIT_SOURCES = ('teacher', 'student')


def check_pipeline_config(cfg: Config) -> None:
    """Check what can be checked without building anything.

    Raises:
        S2DInputError: If a part is missing, a setting unknown, or a training config not there.
    """
    for name in ('proposer', 'discovery', *TRAININGS):
        if not isinstance(cfg.get(name), dict):
            raise S2DInputError(f'{cfg.filename} is not a pipeline config: it has no dict '
                                f'{name}; give one like projects/s2d/configs/demo.py')
    for name in TRAININGS:
        if 'config' not in cfg[name]:
            raise S2DInputError(f'{cfg.filename}: {name} names no training config; add '
                                f'{name}=dict(config=...)')
        load_config(find_beside(cfg[name].config, cfg.filename), cfg[name].get('options'))
    source = cfg.final.get('init_from')
    if source is not None and source not in INIT_SOURCES:
        raise S2DInputError(f'{cfg.filename}: expected final.init_from to be one of '
                            f'{", ".join(INIT_SOURCES)} or None, found {source!r}')
    for name in ('inference', 'dense'):
        settings = {**cfg.get('inference', {}), **cfg.get(name, {})}
        unknown = sorted(settings.keys() - {'scale', *SETTINGS})
        if unknown:
            raise S2DInputError(f'{cfg.filename}: {name} has no setting {unknown[0]!r}; expected '
                                f'scale, {", ".join(SETTINGS)}')
        check_window(settings.get('window'), settings.get('overlap', 0))
