"""Features of any OpenMMLab backbone: mmpretrain's, mmdet's, or one's own."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from ...arguments import check_config, check_count, check_path, check_type
from ...devices import choose_device
from ...errors import S2DInputError
from ...fileio.checkpoint_checks import weights_of
from ...fileio.checkpoint_sources import check_source, read_checkpoint, use_safe_checkpoints
from ...fileio.config_faults import config_errors
from ...registry import FEATURE_EXTRACTORS, MODELS
from ...structures import Frames
from .base_feature_extractor import BaseFeatureExtractor
from .image_batches import feature_maps
from .loading import load_strictly


@FEATURE_EXTRACTORS.register_module()
class BackboneFeatures(BaseFeatureExtractor):
    """The last feature map of a backbone, built when it is first needed.

    Args:
        backbone: Config of the backbone, such as ``dict(type='mmpretrain.VisionTransformer',
            arch='b', patch_size=16, out_type='featmap')``; its last output must be a feature map.
        checkpoint: Path or URL of its weights; None leaves them as the config says.
        prefix: What the backbone's weights begin with in the checkpoint, in which all others are
            left out; '' where they have no prefix.
        image_size: Side in pixels of the square that frames are resized to.
        patch_size: Pixels of a patch; frames that are smaller are refused.
        batch_size: Frames per forward pass; halved where memory does not suffice.
        device: ``'cpu'``, ``'cuda'``, ...; None takes CUDA where there is one.

    Raises:
        S2DInputError: If an argument is of another type or out of its range, or a local checkpoint
            is not there.
    """

    def __init__(self, backbone: dict, checkpoint: str | None = None, prefix: str = 'backbone.',
                 image_size: int = 480, patch_size: int = 16, batch_size: int = 4,
                 device: str | None = None):
        check_config(self, backbone=backbone)
        check_path(self, checkpoint=checkpoint, optional=True)
        if checkpoint is not None:
            check_source(checkpoint)
        check_type(self, str, 'a text', prefix=prefix)
        check_count(self, image_size=image_size, patch_size=patch_size, batch_size=batch_size)
        self.backbone, self.checkpoint, self.prefix = backbone, checkpoint, prefix
        self.image_size, self.patch_size = image_size, patch_size
        self.batch_size = batch_size
        self.device = choose_device(device)
        self._model: torch.nn.Module | None = None

    def check_ready(self) -> None:
        """See :meth:`BaseFeatureExtractor.check_ready`: mmpretrain imports where it is named."""
        kind = str(self.backbone.get('type'))
        if kind.startswith('mmpretrain.'):
            try:
                import mmpretrain.models  # noqa: F401  registers the backbones
            except Exception as error:
                raise S2DInputError(
                    f'{kind} needs mmpretrain, which does not import ({type(error).__name__}); '
                    'run `pip install onedl-mmpretrain`, or choose another backbone') from error

    def extract(self, frames: Frames) -> Iterator[np.ndarray]:
        """See :meth:`BaseFeatureExtractor.extract`."""
        if self._model is None:
            self._model = self._build()
        return feature_maps(self._last_map, frames, self.image_size, self.patch_size,
                            self.batch_size, self.device)

    def _last_map(self, images: torch.Tensor) -> torch.Tensor:
        assert self._model is not None
        output: Any = self._model(images)
        while isinstance(output, (tuple, list)) and output:
            output = output[-1]
        if not isinstance(output, torch.Tensor) or output.ndim != 4:
            found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output)
            raise S2DInputError(f'BackboneFeatures: expected {self.backbone["type"]} to give a '
                                f'feature map (images, channels, rows, columns), found {found}; '
                                "of a vision transformer choose out_type='featmap'")
        return output

    def _build(self) -> torch.nn.Module:
        self.check_ready()
        use_safe_checkpoints()
        with config_errors('of BackboneFeatures'):
            model = MODELS.build(self.backbone)
            model.init_weights()
        if self.checkpoint is not None:
            weights = weights_of(read_checkpoint(self.checkpoint), self.checkpoint)
            weights = {name.removeprefix(self.prefix): value for name, value in weights.items()
                       if name.startswith(self.prefix)}
            load_strictly(model, weights, self.checkpoint)
        model.to(self.device).eval()  # which some backbones do not return
        return model
