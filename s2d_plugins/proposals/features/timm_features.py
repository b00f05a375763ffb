"""Features of vision transformers of timm: DINO, DINOv2, DINOv3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from ...arguments import check_choice, check_count, check_path, check_type, refuse
from ...devices import choose_device
from ...errors import S2DInputError, one_line, shortened
from ...fileio.checkpoint_checks import check_content, weights_of
from ...fileio.checkpoint_sources import check_source, read_checkpoint
from ...registry import FEATURE_EXTRACTORS
from ...structures import Frames
from .base_feature_extractor import BaseFeatureExtractor
from .image_batches import feature_maps
from .loading import ADVICE, load_strictly

#: Short names of the models that MaskCut is known to be used with.
MODELS_OF_TIMM = {
    'dino_vits8': 'vit_small_patch8_224.dino',
    'dino_vitb8': 'vit_base_patch8_224.dino',
    'dinov2_vits14': 'vit_small_patch14_dinov2.lvd142m',
    'dinov2_vitb14': 'vit_base_patch14_dinov2.lvd142m',
    'dinov3_vits16': 'vit_small_patch16_dinov3.lvd1689m',
    'dinov3_vitb16': 'vit_base_patch16_dinov3.lvd1689m',
}
#: Where queries, keys and values lie in the weights of an attention.
FACETS = dict(query=0, key=1, value=2)


@FEATURE_EXTRACTORS.register_module()
class TimmFeatures(BaseFeatureExtractor):
    """Keys of the last attention of a vision transformer, all heads together, as MaskCut has them.

    timm is optional; the model is built when it is first needed. Keys are taken before a rotary
    embedding of the place, where a model has one.

    Args:
        model: A name of :data:`MODELS_OF_TIMM`, or timm's own name of any vision transformer.
        checkpoint: Path or URL of weights, as their authors or timm publish them, read as data;
            a local ``.safetensors`` file too. None takes timm's from the hub.
        facet: ``'key'``, ``'query'`` or ``'value'`` of the last attention.
        image_size: Side in pixels of the square that frames are resized to; rounded down to a
            multiple of the patch size.
        batch_size: Frames per forward pass; halved where memory does not suffice.
        device: ``'cpu'``, ``'cuda'``, ...; None takes CUDA where there is one.

    Raises:
        S2DInputError: If an argument is of another type or out of its range, or a local checkpoint
            is not there.
    """

    def __init__(self, model: str = 'dino_vitb8', checkpoint: str | None = None,
                 facet: str = 'key', image_size: int = 480, batch_size: int = 4,
                 device: str | None = None):
        check_type(self, str, 'a name of a model', model=model)
        if not model:
            raise refuse(self, 'model', model, 'a name of a model')
        check_path(self, checkpoint=checkpoint, optional=True)
        if checkpoint is not None:
            check_source(checkpoint)
        check_choice(self, FACETS, facet=facet)
        check_count(self, image_size=image_size, batch_size=batch_size)
        self.name = MODELS_OF_TIMM.get(model, model)
        self.checkpoint, self.facet, self.image_size = checkpoint, facet, image_size
        self.batch_size = batch_size
        self.device = choose_device(device)
        self._model: Any = None

    def check_ready(self) -> None:
        """See :meth:`BaseFeatureExtractor.check_ready`: timm imports and knows the model."""
        timm = self._import()
        if ':' not in self.name and not timm.is_model(self.name):  # hf-hub:..., local-dir:...
            raise S2DInputError(f'TimmFeatures: timm {timm.__version__} knows no model '
                                f'{self.name}; choose one of {", ".join(MODELS_OF_TIMM)}, or '
                                'another version of timm')

    def extract(self, frames: Frames) -> Iterator[np.ndarray]:
        """See :meth:`BaseFeatureExtractor.extract`."""
        if self._model is None:
            self._model = self._build()
        patch = int(self._model.patch_embed.patch_size[0])
        side = self.image_size // patch * patch
        if side < 2 * patch:
            raise S2DInputError(f'TimmFeatures: expected image_size to be at least two patches of '
                                f'{patch} pixels, found {self.image_size}; choose a larger one')
        return feature_maps(self._facets, frames, side, patch, self.batch_size, self.device)

    def _facets(self, images: torch.Tensor) -> torch.Tensor:
        """Compute (B, D, rows, columns) of images (B, 3, H, W)."""
        attention, inputs = self._model.blocks[-1].attn, []
        hook = attention.register_forward_pre_hook(lambda module, args: inputs.append(args[0]))
        try:
            self._model.forward_features(images)
        finally:
            hook.remove()
        tokens = inputs[0][:, int(getattr(self._model, 'num_prefix_tokens', 1)):]
        weight, bias = _projection(attention, self.facet)
        patch = int(self._model.patch_embed.patch_size[0])
        rows, columns = images.shape[2] // patch, images.shape[3] // patch
        features = F.linear(tokens, weight, bias)
        return features.transpose(1, 2).reshape(len(images), -1, rows, columns)

    @staticmethod
    def _import() -> Any:
        try:
            import timm
        except Exception as error:  # without a fitting torchvision it is a RuntimeError
            raise S2DInputError(
                f'TimmFeatures needs timm, which does not import ({shortened(one_line(error), 60)}'
                '); run `pip install timm` with a torchvision that fits torch, or take '
                "extractor=dict(type='MotionColorFeatures'), which needs no weights") from error
        return timm

    def _build(self) -> Any:
        timm = self._import()
        from_hub = self.checkpoint is None
        try:
            model = timm.create_model(self.name, pretrained=from_hub, num_classes=0,
                                      dynamic_img_size=True)
        except Exception as error:  # unknown names, the hub, the disk, each in words of its own
            advice = ('give the path of the weights as `checkpoint`' if from_hub
                      else f'choose one of {", ".join(MODELS_OF_TIMM)}')
            raise S2DInputError(f'TimmFeatures: timm cannot build {self.name} '
                                f'({shortened(one_line(error), 90)}); {advice}') from error
        if not hasattr(model, 'blocks') or not hasattr(model.blocks[-1], 'attn'):
            raise S2DInputError(f'TimmFeatures: expected a vision transformer, found {self.name}; '
                                f'choose one of {", ".join(MODELS_OF_TIMM)}')
        if self.checkpoint is not None:
            load_strictly(model, _fitted(self._weights(), model, self.checkpoint), self.checkpoint)
        return model.to(self.device).eval()

    def _weights(self) -> dict:
        assert self.checkpoint is not None
        if Path(self.checkpoint).suffix != '.safetensors':
            return weights_of(read_checkpoint(self.checkpoint), self.checkpoint,
                              ('state_dict', 'model', 'teacher'))
        try:
            from safetensors.torch import load_file
            weights = load_file(self.checkpoint)
        except Exception as error:
            raise S2DInputError(f'{self.checkpoint} cannot be read '
                                f'({shortened(one_line(error), 80)}); download it again and give '
                                'the path of the file') from error
        check_content(weights, self.checkpoint)
        return weights


def _projection(attention: Any, facet: str) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return weight and bias that make queries, keys or values of an attention's input."""
    single = getattr(attention, f'{facet[0]}_proj', None)
    if single is not None:
        return single.weight, single.bias
    part = FACETS[facet]
    weight = attention.qkv.weight.chunk(3)[part]
    if attention.qkv.bias is not None:
        return weight, attention.qkv.bias.chunk(3)[part]
    bias = getattr(attention, f'{facet[0]}_bias', None)  # keys have none in some models
    return weight, bias


def _fitted(weights: dict, model: Any, source: str) -> dict:
    """Name authors' weights as timm does; what belongs to their training is left out.

    Raises:
        S2DInputError: If they are of another architecture.
    """
    import importlib
    module = importlib.import_module(type(model).__module__)
    rename = getattr(module, 'checkpoint_filter_fn', None)
    if rename is not None:
        try:
            weights = rename(dict(weights), model)
        except Exception as error:  # it takes for granted what the architecture has
            raise S2DInputError(f'{source} does not fit {type(model).__name__} '
                                f'({shortened(one_line(error), 80)}); {ADVICE}') from error
    own = set(model.state_dict())
    return {name: value for name, value in weights.items()
            if name in own or not name.startswith(('head.', 'mask_token'))}
