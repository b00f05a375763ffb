"""Point tracks from any optical flow network of mmflow."""

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope

from ..arguments import check_count, check_flag, check_path, check_type
from ..compat import import_mmflow
from ..devices import choose_device
from ..errors import S2DInputError
from ..fileio.checkpoint_sources import use_safe_checkpoints
from ..fileio.configs import config_errors, load_config
from ..registry import MOTION_PRIORS
from ..structures import Frames
from .base_flow_prior import BaseFlowPrior
from .flow_cache import FlowCache
from .prior_weights import load_weights
from .raft_models import RAFT_CHECKPOINT, raft

Flows = tuple[np.ndarray, np.ndarray]


@MOTION_PRIORS.register_module()
class MMFlowPrior(BaseFlowPrior):
    """Chained flow of an mmflow model; the model is built when it is first needed.

    Args:
        config: mmflow config file, or a dict with its ``model``; None is RAFT.
        checkpoint: Path or URL of its weights. None takes mmflow's published RAFT if ``config``
            is None too, and untrained weights otherwise.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ...; None takes CUDA where there is one.
        max_size: Longer side, in pixels, at which the flow is computed.
        size_divisor: Both sides are rounded to multiples of this, as the network asks: 8 for
            RAFT, 64 for PWC-Net and its relatives.
        batch_size: Pairs of frames per forward pass; each gives the flow both ways.
        half: Half precision on CUDA.
        cache_dir: Folder in which flows are kept for later runs; None keeps none.
        **kwargs: See :class:`BaseFlowPrior`.

    Raises:
        S2DInputError: If an argument is of another type or out of its range, or the config
            cannot be read.
    """

    def __init__(self, config: str | dict | None = None, checkpoint: str | None = None,
                 device: str | None = None, max_size: int | None = 768, size_divisor: int = 8,
                 batch_size: int = 4, half: bool = True, cache_dir: str | None = None, **kwargs):
        super().__init__(**kwargs)
        check_type(self, (str, Path, dict), 'a config file or a dict with model', config=config,
                   optional=True)
        check_path(self, checkpoint=checkpoint, cache_dir=cache_dir, optional=True)
        check_count(self, max_size=max_size, low=16, optional=True)
        check_count(self, size_divisor=size_divisor, batch_size=batch_size)
        check_flag(self, half=half)
        if config is None and checkpoint is None:
            checkpoint = RAFT_CHECKPOINT
        self.model_config = _model_config(config)
        self.checkpoint = checkpoint
        self.device = choose_device(device)
        self.max_size = max_size
        self.size_divisor = size_divisor
        self.batch_size = batch_size
        self.half = half
        self.cache_dir = cache_dir
        self._model = None
        self._fingerprint = ''

    @property
    def model(self) -> torch.nn.Module:
        """The flow network, with weights, on its device."""
        if self._model is None:
            self._model = self._build()
        return self._model

    def release(self) -> None:
        """See :meth:`BaseMotionPrior.release`."""
        self._model = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def flows(self, frames: Frames) -> Iterator[Flows]:
        """See :meth:`BaseFlowPrior.flows`; each frame is read once."""
        model = self.model
        cache = FlowCache(self.cache_dir, self._fingerprint) if self.cache_dir else None
        images = (self._prepare(frames[index]) for index in range(len(frames)))
        pairs = itertools.pairwise(images)
        while batch := list(itertools.islice(pairs, self.batch_size)):
            kept = [None if cache is None else cache.get(*pair) for pair in batch]
            missing = [pair for pair, flows in zip(batch, kept, strict=True) if flows is None]
            computed = iter(self._compute(model, missing))
            for pair, flows in zip(batch, kept, strict=True):
                if flows is None:
                    flows = next(computed)
                    if cache is not None:
                        cache.put(*pair, flows)
                yield flows

    def _compute(self, model: torch.nn.Module,
                 pairs: list[tuple[np.ndarray, np.ndarray]]) -> list[Flows]:
        """Compute the flows there and back of several pairs in one forward pass."""
        if not pairs:
            return []
        from mmflow.structures import FlowDataSample
        both = [*pairs, *((second, first) for first, second in pairs)]
        height, width = pairs[0][0].shape[:2]
        samples = [FlowDataSample(metainfo=dict(img_shape=(height, width),
                                                ori_shape=(height, width))) for _ in both]
        inputs = [torch.from_numpy(np.stack(pair)).permute(0, 3, 1, 2) for pair in both]
        with torch.no_grad(), torch.autocast('cuda', torch.float16,
                                             self.half and self.device.startswith('cuda')):
            data = model.data_preprocessor(dict(inputs=inputs, data_samples=samples), False)
            results = model.predict(data['inputs'], data['data_samples'])
        fields = [result.pred_flow_fw.data.permute(1, 2, 0).float().cpu().numpy()
                  for result in results]
        return list(zip(fields[:len(pairs)], fields[len(pairs):], strict=True))

    def _prepare(self, frame: np.ndarray) -> np.ndarray:
        """Resize an RGB frame to flow size and turn it into BGR, as mmflow reads images."""
        height, width = frame.shape[:2]
        factor = 1 if self.max_size is None else min(1, self.max_size / max(height, width))
        step = self.size_divisor
        # RAFT pools its 1/8 maps three times; below 16 of their pixels nothing would be left.
        least = -(-128 // step) * step
        target = tuple(max(least, round(side * factor / step) * step) for side in (width, height))
        return np.ascontiguousarray(cv2.resize(frame, target)[..., ::-1])

    def _build(self) -> torch.nn.Module:
        import_mmflow()
        import mmflow.models  # noqa: F401  registers the networks
        from mmflow.registry import MODELS
        use_safe_checkpoints()
        with DefaultScope.overwrite_default_scope('mmflow'), config_errors('of MMFlowPrior'):
            model = MODELS.build(self.model_config)
        model = revert_sync_batchnorm(model)
        _predict_whole_batches(model)
        if self.checkpoint is not None:
            load_weights(model, self.checkpoint)
        digest = hashlib.sha256()
        for name, value in model.state_dict().items():
            digest.update(name.encode() + value.cpu().numpy().tobytes())
        self._fingerprint = f'{digest.hexdigest()} {self.model_config}'
        return model.to(self.device).eval()


def _predict_whole_batches(model: torch.nn.Module) -> None:
    """Work around mmflow 1.0.0rc0, whose decoders return after the first sample of a batch."""
    for module in model.modules():
        if hasattr(module, 'postprocess_result'):
            def one_by_one(flow_results, data_samples=None, method=module.postprocess_result):
                return [method([flow], [sample])[0]
                        for flow, sample in zip(flow_results, data_samples, strict=True)]
            module.postprocess_result = one_by_one


def _model_config(config: str | dict | None) -> dict:
    """Return the ``model`` of an mmflow config.

    Raises:
        S2DInputError: If the file is missing or has no model.
    """
    if config is None:
        return raft()
    if isinstance(config, str | Path):
        config = load_config(config).to_dict()
    if not isinstance(config.get('model'), dict):
        raise S2DInputError('MMFlowPrior: expected an mmflow config with `model`, found the keys '
                            f'{sorted(map(str, config))}')
    return {**config['model'], 'train_cfg': None}
