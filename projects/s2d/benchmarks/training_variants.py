"""What benchmark_training.py compares: the models, a training step of each, and their clips."""

import contextlib
import copy
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from attention_paths import ATTENTIONS, attention_path, usual_attention
from benchmark_metrics import moving_ellipse
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from s2d_plugins.fileio.configs import load_config
from s2d_plugins.models.sparse_to_dense_head import SparseToDenseHead
from s2d_plugins.registry import HOOKS, MODELS

CONFIGS = Path(__file__).resolve().parents[3] / 'configs/sparse_to_dense'
#: Config, then (clips, height, width) of a batch on a CPU and on a GPU.
SIZES = dict(small=('s2d_small.py', (2, 160, 288), (2, 160, 288)),
             r50=('s2d_mask2former_r50_4xb1-32k.py', (1, 192, 320), (4, 360, 640)))
FRAMES = 3
INSTANCES = 3
MMDET_POINTS = 12544


class SampledPointsHead(SparseToDenseHead):
    """Ours with points drawn as published, for the losses and for the matching."""

    def _uses_grid(self, mask_preds):
        return False


class LayerTransferHead(SparseToDenseHead):
    """Ours with one transfer to the host per decoder layer."""

    def _match(self, cls_scores, mask_preds, *targets):
        layers = [super(LayerTransferHead, self)._match([scores], [preds], *targets)
                  for scores, preds in zip(cls_scores, mask_preds, strict=True)]
        return [[found for [found] in matches] for matches in zip(*layers, strict=True)]


@dataclass(frozen=True)
class Variant:
    """One row: which model, with or without teacher, and which deformable attention."""

    label: str
    head: type | str = SparseToDenseHead
    teacher: bool = False
    attention: str | None = None


VARIANTS = dict(
    mmdet=Variant(f'mmdet Mask2FormerVideo, {MMDET_POINTS:,} points', 'mmdet.Mask2FormerTrackHead'),
    ours=Variant('ours without teacher'),
    teacher=Variant('ours with teacher', teacher=True),
    points=Variant('ours without teacher, 160,000 sampled points', SampledPointsHead),
    transfers=Variant('ours without teacher, a transfer per layer', LayerTransferHead),
    **{f'attention-{name}': Variant(f'ours with teacher, attention: {name}', teacher=True,
                                    attention=name) for name in ATTENTIONS})


def make_clip(seed: int, size: tuple[int, int], sparse: bool
              ) -> tuple[torch.Tensor, TrackDataSample]:
    """Make noise with moving ellipses: (T, 3, H, W) uint8 and the sample with their masks.

    With ``sparse`` every instance lacks its mask in one frame, as keymasks do; else none does.
    """
    rng = np.random.default_rng(seed)
    tubes = np.stack([moving_ellipse(rng, FRAMES, size) for _ in range(INSTANCES)])
    images = rng.integers(0, 128, (FRAMES, 3, *size), dtype=np.uint8)
    images[np.broadcast_to(tubes.any(axis=0)[:, None], images.shape)] += 100
    samples = []
    for frame in range(FRAMES):
        ids = [i for i in range(INSTANCES) if not (sparse and i % FRAMES == frame)]
        sample = DetDataSample(metainfo=dict(img_path='made', img_shape=size, ori_shape=size))
        sample.gt_instances = InstanceData(
            masks=BitmapMasks(tubes[ids, frame].astype(np.uint8), *size),
            bboxes=torch.zeros(len(ids), 4), labels=torch.zeros(len(ids), dtype=torch.long),
            instances_ids=torch.tensor(ids))
        samples.append(sample)
    clip = TrackDataSample()
    clip.video_data_samples = samples
    return torch.from_numpy(images), clip


def make_batch(shape: tuple[int, int, int], sparse: bool) -> dict:
    """Make a batch of (clips, height, width) as a data loader gives it."""
    clips = [make_clip(seed, shape[1:], sparse) for seed in range(shape[0])]
    return dict(inputs=[images for images, _ in clips],
                data_samples=[sample for _, sample in clips])


def as_mmdet(detector: dict) -> dict:
    """Turn the config of our segmenter into one of mmdet's, with its own parts and losses."""
    detector['type'] = 'mmdet.Mask2FormerVideo'
    detector.pop('test_cfg', None)
    detector['data_preprocessor'].type = 'TrackDataPreprocessor'
    head = detector['track_head']
    head.pixel_decoder.type = 'MSDeformAttnPixelDecoder'
    for name in ('unmatched_queries', 'match_known_frames_only', 'grid'):
        head.pop(name, None)
    head.loss_cls.loss_weight = 2.0
    head.loss_mask = dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=5.0)
    head.loss_dice = dict(type='DiceLoss', naive_dice=True, eps=1.0, loss_weight=5.0)
    head.train_cfg.num_points = MMDET_POINTS
    head.train_cfg.assigner.match_costs = [
        dict(type='ClassificationCost', weight=2.0),
        dict(type='CrossEntropyLossCost', weight=5.0, use_sigmoid=True),
        dict(type='DiceCost', weight=5.0, pred_act=True, eps=1.0)]
    return detector


@contextlib.contextmanager
def quiet_logger() -> Iterator[None]:
    """Keep what mmengine says of every parameter off the console."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


class Trainer:
    """A model with its optimiser and a batch; ``step`` does what the training loop does with it.

    Args:
        variant: The row.
        size: A key of :data:`SIZES`.
        shape: (clips, height, width) of the batch.
        device: ``'cpu'`` or ``'cuda'``.
        teacher_instances: The teacher gives so many masks a clip, its best ones: untrained it
            has none above the threshold.
        amp: Train in mixed precision on a GPU where the config says so.
    """

    def __init__(self, variant: Variant, size: str, shape: tuple[int, int, int], device: str,
                 teacher_instances: int, amp: bool = True):
        init_default_scope('s2d_plugins')
        config = load_config(CONFIGS / SIZES[size][0])
        self.is_ours = variant.head != 'mmdet.Mask2FormerTrackHead'
        self.attention = variant.attention or usual_attention(device)
        torch.manual_seed(0)
        if device == 'cpu' or not amp:
            config.optim_wrapper.type = 'OptimWrapper'
        with quiet_logger():
            self.model = MODELS.build(self._model_config(config, variant, teacher_instances))
            self.model.init_weights()
            self.model.to(device).train()
            self.optimizer = build_optim_wrapper(self.model, config.optim_wrapper)
        hook = next(hook for hook in config.custom_hooks if hook.type.endswith('MeanTeacherHook'))
        self.mean_teacher = HOOKS.build(hook)
        self.device = device
        self.batch = make_batch(shape, sparse=self.is_ours)
        self._outputs = None

    def _model_config(self, config, variant, teacher_instances):
        detector = config.model.detector
        detector.track_head.type = variant.head
        if not self.is_ours:
            del config.optim_wrapper['constructor']
            return as_mmdet(detector)
        config.model.update(teacher_loss_weight=float(variant.teacher), teacher_score_thr=0.0,
                            teacher_max_instances=teacher_instances)
        return config.model

    def make_batch(self) -> dict:
        """Return a batch that a step may change."""
        return copy.deepcopy(self.batch)

    def step(self, batch: dict) -> None:
        """Do forward pass, losses, backward pass, clipping, optimiser step and EMA update."""
        with attention_path(self.attention), warnings.catch_warnings():
            warnings.filterwarnings('ignore', 'torch.meshgrid')
            self.model.train_step(batch, self.optimizer)
        if self.is_ours:
            self.mean_teacher.momentum_update(self.model, self.mean_teacher.momentum)

    def prepare_losses(self) -> Callable[[], None]:
        """Return a call that does matching, losses and their backward pass alone.

        They are taken on the outputs of the first call, kept in the host's memory.
        """
        data = self.model.data_preprocessor(self.make_batch(), True)
        images, samples = data['inputs'].flatten(0, 1), data['data_samples']
        segmenter = self.model.student if self.is_ours else self.model
        head = segmenter.track_head
        context = self.optimizer.optim_context(self.model)
        with torch.no_grad(), context, attention_path(self.attention):
            if self._outputs is None:
                self._outputs = [[layer.cpu() for layer in output]
                                 for output in head(segmenter.backbone(images), samples)]
                if self.is_ours and self.model.teacher_loss_weight:
                    self._taught = self.model.teacher_targets(images, len(samples))
        outputs = [[layer.to(self.device).requires_grad_() for layer in output]
                   for output in self._outputs]
        losses = self._our_losses if self.is_ours else self._mmdet_losses
        return partial(self._step_losses, losses(head, outputs, samples))

    def _our_losses(self, head, outputs, samples):
        sets = [head.collect_targets(samples)]
        if self.model.teacher_loss_weight:
            sets.append(self._taught)
        return lambda: [value for terms in head.losses_by_targets(*outputs, sets)
                        for value in terms.values()]

    def _mmdet_losses(self, head, outputs, samples):
        known = head.preprocess_gt([sample[t].gt_instances for sample in samples
                                    for t in range(FRAMES)])
        return lambda: head.loss_by_feat(*outputs, known, [{}] * len(samples)).values()

    def _step_losses(self, losses):
        with self.optimizer.optim_context(self.model):
            total = sum(losses())
        total.backward()
