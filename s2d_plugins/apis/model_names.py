"""Names of models: published ones with their weights, and those of the metafiles."""

import os
from pathlib import Path
from typing import Any

import yaml

from ..arguments import check_path
from ..errors import S2DInputError
from .published_weights import get_weights

_PACKAGE = Path(__file__).parents[1]
_SCOPE = 's2d_plugins::'
_R50 = 'final/s2d_mask2former_r50_4xb1-32k.py'
#: What the published models are sure of, for people; the settings are the recipe's but for the
#: threshold.
_SETTINGS = dict(top_k=50, score_thr=0.5, tube_nms_iou=0.75, link_iou=0.3)
#: Published weights of video models, and the config that each fits.
PUBLISHED_MODELS = dict(
    s2d_zeroshot=_R50,
    videocutler_m2f_rn50='videocutler/videocutler_mask2former_r50_8xb2-80k.py')


def find_model(model: str | Path, weights: str | Path | None = None,
               ) -> tuple[Path, str | Path, dict[str, Any]]:
    """Return config, checkpoint and default settings of a model.

    Args:
        model: Path of a config; a name of :data:`PUBLISHED_MODELS` or of a ``metafile.yml``; or
            ``s2d_plugins::`` and a path in ``configs``. What exists as a path is one.
        weights: Checkpoint; None stands for the published weights of the name, which are
            converted if need be.

    Raises:
        S2DInputError: If there is no such name, or there are no weights.
    """
    check_path('S2DInferencer', model=model)
    name, settings = str(model), {}
    if weights is not None:
        check_path('S2DInferencer', weights=weights)
    if os.path.lexists(name):
        config = Path(model)
    elif name in PUBLISHED_MODELS:
        config, settings = configs_folder() / PUBLISHED_MODELS[name], dict(_SETTINGS)
        weights = get_weights(name) if weights is None else weights
    elif name.startswith(_SCOPE):
        config = configs_folder() / name.removeprefix(_SCOPE)
    elif Path(name).suffix or os.sep in name:
        config = Path(model)
    else:
        config = _of_metafile(name)
    if weights is None:
        raise S2DInputError(f'S2DInferencer: {name} has no published weights; give its '
                            f'checkpoint, or one of the names {", ".join(PUBLISHED_MODELS)}')
    return config, weights, settings


def takes_no_weights(model: str) -> bool:
    """Say whether a model's name stands for weights too."""
    return model in PUBLISHED_MODELS and not os.path.lexists(model)


def configs_folder() -> Path:
    """Return where the package's configs lie: in a wheel inside of it, in a clone beside it."""
    folders = (_PACKAGE / '.mim/configs', _PACKAGE.parent / 'configs')
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def _of_metafile(name: str) -> Path:
    """Return the config of a model that a ``metafile.yml`` names."""
    for file in sorted(configs_folder().rglob('metafile.yml')):
        content = yaml.safe_load(file.read_text(encoding='utf-8')) or {}
        for model in content.get('Models') or ():
            if model['Name'] == name:
                return configs_folder() / model['Config'].removeprefix('configs/')
    raise S2DInputError(f'no model is named {name}; expected the path of a .py config, a name of '
                        f'configs/*/metafile.yml, or one of {", ".join(PUBLISHED_MODELS)}')
