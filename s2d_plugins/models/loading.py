"""Models of training configs, built and with the weights of a checkpoint."""

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from ..errors import S2DInputError, one_line
from ..fileio.checkpoint_checks import weights_of
from ..fileio.checkpoint_sources import read_checkpoint, use_safe_checkpoints
from ..fileio.configs import config_errors, load_config
from ..registry import MODELS
from .weight_names import adapt_weights


def build_model(cfg: Config) -> nn.Module:
    """Build the model of a training config.

    Its weights are not read, nor those that its ``init_cfg`` names: the checkpoint replaces them.
    What a part loads by itself while it is built is read as data.

    Raises:
        S2DInputError: If there is no model, or it does not fit its class.
    """
    if 'model' not in cfg:
        raise S2DInputError(f'{cfg.filename} has no model; give the config of a training')
    init_default_scope(cfg.get('default_scope', 's2d_plugins'))
    use_safe_checkpoints()
    with config_errors(cfg.filename):
        return MODELS.build(cfg.model)


def load_model(config: str | Path, checkpoint: str | Path, device: str = 'cpu') -> nn.Module:
    """Build the model of a training config with the weights of a checkpoint.

    A distiller's checkpoint also fits the detector alone: its teacher is taken.

    Raises:
        S2DInputError: If a file is missing or wrong, or if any weight is missing or left over.
    """
    model = build_model(load_config(config))
    load_weights(model, checkpoint, config)
    return model.to(device)


def load_weights(model: nn.Module, checkpoint: str | Path, config: str | Path) -> None:
    """Load the weights of a checkpoint, a path or URL, into the model of a config.

    Raises:
        S2DInputError: If the file is missing or wrong, or if any weight is missing or left over.
    """
    content = read_checkpoint(checkpoint)
    if isinstance(content, dict) and 'state_dict' not in content and isinstance(
            content.get('model'), dict):
        raise S2DInputError(f'{checkpoint} has the layout of detectron2; convert it first, with '
                            'tools/model_converters/cutler_to_mmdet.py (detectors) or '
                            'official_to_s2d.py (Mask2Former)')
    weights = weights_of(content, checkpoint)
    weights = adapt_weights(weights, model.state_dict())
    advice = 'give the config that it was trained with'
    try:
        found = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise S2DInputError(f'{checkpoint} does not fit {config}: {one_line(error)}; '
                            f'{advice}') from error
    if found.missing_keys or found.unexpected_keys:
        example = (found.missing_keys + found.unexpected_keys)[0]
        raise S2DInputError(
            f'{checkpoint} does not fit {config}: {len(found.missing_keys)} weights missing, '
            f'{len(found.unexpected_keys)} left over, for example {example}; {advice}')
