"""Object masks from an instance segmenter of mmdet."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from torch import nn

from ..arguments import check_count, check_flag, check_path, check_share, check_type
from ..compat.mmcv_ops import warn_of_plain_ops
from ..devices import choose_device
from ..errors import S2DInputError
from ..fileio.checkpoint_sources import check_source
from ..fileio.config_faults import config_errors
from ..fileio.configs import load_config
from ..labels.rle import encode_masks
from ..models.loading import build_model, load_weights
from ..registry import MASK_PROPOSERS, TRANSFORMS
from ..structures import Frames
from .base_mask_proposer import BaseMaskProposer, Progress, checked_frame
from .detector_pipeline import prepare_frames, test_transforms

#: How allocators say that memory is short, where they do not raise an error of its own.
_SHORT_OF_MEMORY = 'out of memory', 'ALLOC_FAILED', 'DefaultCPUAllocator'


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        words in str(error) for words in _SHORT_OF_MEMORY)


@MASK_PROPOSERS.register_module()
class DetectorProposer(BaseMaskProposer):
    """The masks of an instance segmenter, frame by frame, such as CutLER's or CutS3D's.

    Frames are prepared as the config's ``test_pipeline`` says, but for reading them. The model is
    built when it is first needed. Where a GPU's memory does not hold a batch, smaller ones are
    tried, down to single frames.

    Args:
        config: mmdet config file, or a dict with its ``model`` and ``test_pipeline``; a
            ``default_scope`` in it says where names are looked up first.
        checkpoint: Path or URL of the weights, read as data; every weight must be there.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ...; None takes CUDA where there is one.
        batch_size: Frames per forward pass on CUDA; on a CPU one by one is as fast.
        half: Half precision on CUDA.
        score_thr: Masks of a lower score are dropped, whatever their class.
        max_masks: Most masks per frame, those of the highest scores.

    Raises:
        S2DInputError: If an argument is of another type or out of its range, the config cannot
            be read or has no model and test pipeline, or there is no such file or device.
    """

    def __init__(self, config: str | dict, checkpoint: str, device: str | None = None,
                 batch_size: int = 8, half: bool = True, score_thr: float = 0.35,
                 max_masks: int = 100):
        check_type(self, (str, Path, dict), 'a config file or a dict with model and test_pipeline',
                   config=config)
        check_path(self, checkpoint=checkpoint)
        check_count(self, batch_size=batch_size, max_masks=max_masks)
        check_flag(self, half=half)
        check_share(self, score_thr=score_thr)
        check_source(checkpoint)
        self.config_name = 'DetectorProposer.config' if isinstance(config, dict) else str(config)
        self.config = Config(config) if isinstance(config, dict) else load_config(config)
        self.checkpoint = checkpoint
        self.device = choose_device(device)
        self.batch_size = batch_size if self.device.startswith('cuda') else 1
        self.half = half
        self.score_thr = score_thr
        self.max_masks = max_masks
        self._transforms = test_transforms(self.config, self.config_name)
        if not isinstance(self.config.get('model'), dict):
            raise S2DInputError(f'{self.config_name} has no model; give the config of an '
                                'mmdet instance segmenter')
        self._parts: tuple[nn.Module, Compose] | None = None

    def propose(self, frames: Frames,
                progress: Progress | None = None) -> list[list[dict]]:
        """See :meth:`BaseMaskProposer.propose`."""
        if len(frames) == 0:
            raise S2DInputError('DetectorProposer: expected at least one frame, found none')
        size = checked_frame(frames, 0).shape[:2]
        proposals: list[list[dict]] = []
        while len(proposals) < len(frames):
            stop = min(len(proposals) + self.batch_size, len(frames))
            batch = [checked_frame(frames, index, size) for index in range(len(proposals), stop)]
            for masks in self._segment(batch):
                proposals.append(masks)
                if progress is not None:
                    progress(len(proposals), len(frames))
        return proposals

    def release(self) -> None:
        """Free the model's memory; the next frames build it again."""
        self._parts = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _segment(self, batch: list[np.ndarray]) -> Iterator[list[dict]]:
        """Yield the masks of each frame of a batch, in as many forward passes as it takes."""
        model, pipeline = self._built()
        start = 0
        while start < len(batch):
            part = batch[start:start + self.batch_size]
            try:
                found = [self._masks_of(result) for result in self._forward(
                    model, prepare_frames(part, pipeline))]
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                self._shrink(part, error)
                continue
            yield from found
            start += len(part)

    def _shrink(self, part: list[np.ndarray], error: Exception) -> None:
        """Halve the batch after it did not fit.

        Raises:
            S2DInputError: If it was a single frame.
        """
        torch.cuda.empty_cache()
        if len(part) == 1:
            height, width = part[0].shape[:2]
            raise S2DInputError(
                f'DetectorProposer: the memory of {self.device} does not hold one frame of '
                f"{width}x{height}; take a smaller scale in the config's test_pipeline, or "
                "device='cpu'") from error
        self.batch_size = len(part) // 2
        print_log(f'DetectorProposer: {len(part)} frames do not fit into the memory of '
                  f'{self.device}, going on with {self.batch_size} at a time', 'current',
                  logging.WARNING)

    def _forward(self, model: nn.Module, data: dict) -> list:
        # some kernels run on the current GPU, whichever holds their tensors
        device = torch.device(self.device)
        autocast = torch.autocast('cuda', torch.float16, self.half and device.type == 'cuda')
        with (torch.no_grad(), autocast,
              torch.cuda.device(device if device.type == 'cuda' else -1)):
            return model.test_step(data)

    def _masks_of(self, result) -> list[dict]:
        """Turn one frame's result of mmdet into proposals, highest score first.

        Raises:
            S2DInputError: If the model gives no masks.
        """
        found = result.get('pred_instances')
        if found is None or 'masks' not in found:
            raise S2DInputError(f'config {self.config_name}: its model gives no masks; '
                                'DetectorProposer takes an instance segmenter, not a box detector')
        scores = found.scores.float().cpu()
        if not scores.isfinite().all():
            raise S2DInputError(f'{self.checkpoint} gives scores that are not finite; it is damaged'
                                ', or half precision is not enough for it: try half=False')
        order = scores.argsort(descending=True, stable=True)
        order = order[scores[order] >= self.score_thr][:self.max_masks]
        masks = np.asarray(torch.as_tensor(found.masks)[order.to(
            torch.as_tensor(found.masks).device)].cpu(), bool)
        full = masks.any(axis=(1, 2))
        return [dict(segmentation=rle, score=min(float(score), 1.0)) for rle, score in zip(
            encode_masks(masks[full]), scores[order].numpy()[full], strict=True)]

    def _built(self) -> tuple[nn.Module, Compose]:
        """The model, with weights, on its device, and the transforms of its frames."""
        if self._parts is None:
            scope = self.config.get('default_scope', 's2d_plugins')
            with DefaultScope.overwrite_default_scope(scope), config_errors(self.config_name):
                pipeline = Compose([TRANSFORMS.build(step) for step in self._transforms])
                model = revert_sync_batchnorm(build_model(self.config))
            load_weights(model, self.checkpoint, self.config_name)
            warn_of_plain_ops(self.device)
            try:
                self._parts = model.to(self.device).eval(), pipeline
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                raise S2DInputError(f'DetectorProposer: the memory of {self.device} does not hold '
                                    "the model; free it, or take device='cpu'") from error
        return self._parts
