"""Student and EMA teacher: the distillation of S2D (arXiv 2512.14440)."""

from collections.abc import Sequence

import torch
from mmcv.cnn.bricks import DropPath
from mmdet.models.mot import BaseMOTModel
from torch import Tensor, nn

from s2d_plugins.arguments import (
    check_choice,
    check_config,
    check_count,
    check_number,
    check_share,
)
from s2d_plugins.errors import S2DInputError
from s2d_plugins.registry import MODELS

from .clip_targets import ClipTargets
from .confident_masks import confident_targets
from .loss_values import LossValues

#: Parts of the teacher that act while it teaches, if its mode is that of training.
DROPPING = (nn.Dropout, DropPath)


@MODELS.register_module()
class SparseToDenseDistiller(LossValues, BaseMOTModel):
    """Train a student on keymasks and on the confident masks of its EMA teacher.

    Both terms use the student head's losses, each with its own matching; frames in which the
    teacher's mask is empty count as unknown. The teacher follows the student through mmdet's
    ``MeanTeacherHook`` (or :class:`ScheduledMeanTeacherHook`). The loss weights are plain
    attributes, which :class:`LossWeightScheduleHook` may change during training; with a teacher
    weight of 0 the teacher is not run.

    Args:
        detector: Config of the video segmenter, built twice.
        teacher_score_thr: Teacher masks below this score are no targets.
        teacher_max_instances: At most so many teacher masks a clip, the best first.
        teacher_nms_iou: Of two teacher tubes that overlap more, the worse is no target; None
            keeps both, as published.
        teacher_mode: ``'train'``, as published: the teacher's dropout acts on its targets; or
            ``'eval'``. Statistics of normalisation move in neither.
        supervised_loss_weight: Factor of the keymask terms.
        teacher_loss_weight: Factor of the teacher terms, named ``kd_...`` in the losses.
        predict_with: ``'teacher'`` or ``'student'``.
        data_preprocessor: Config of a :class:`ClipDataPreprocessor` or mmdet's
            ``TrackDataPreprocessor``; by default the detector's.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        S2DInputError: If an argument is of another type or out of its range, there is no
            ``data_preprocessor``, or the detector or its head lacks a method that distillation
            calls.
    """

    def __init__(self, detector: dict, teacher_score_thr: float = 0.75,
                 teacher_max_instances: int = 100, teacher_nms_iou: float | None = None,
                 teacher_mode: str = 'train', supervised_loss_weight: float = 1.0,
                 teacher_loss_weight: float = 1.0,
                 predict_with: str = 'teacher', data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None):
        check_config(self, detector=detector)
        check_share(self, teacher_score_thr=teacher_score_thr)
        check_share(self, teacher_nms_iou=teacher_nms_iou, optional=True)
        check_count(self, teacher_max_instances=teacher_max_instances)
        check_number(self, supervised_loss_weight=supervised_loss_weight,
                     teacher_loss_weight=teacher_loss_weight, low=0)
        check_choice(self, ('teacher', 'student'), predict_with=predict_with)
        check_choice(self, ('train', 'eval'), teacher_mode=teacher_mode)
        preprocessor = data_preprocessor or detector.get('data_preprocessor')
        if preprocessor is None:
            raise S2DInputError('SparseToDenseDistiller: neither it nor its detector has a '
                                'data_preprocessor; give the config of a ClipDataPreprocessor')
        super().__init__(data_preprocessor=preprocessor, init_cfg=init_cfg)
        self.student = MODELS.build(detector)
        _check_detector(self.student)
        self.teacher = MODELS.build(detector)
        self.freeze_module('teacher')
        self.teacher_mode = teacher_mode
        self.teacher_score_thr = teacher_score_thr
        self.teacher_max_instances = teacher_max_instances
        self.teacher_nms_iou = teacher_nms_iou
        self.supervised_loss_weight = supervised_loss_weight
        self.teacher_loss_weight = teacher_loss_weight
        self.predict_with = predict_with

    def train(self, mode: bool = True) -> 'SparseToDenseDistiller':
        """Switch the student, and the teacher's dropout if it is to act."""
        super().train(mode)
        self.teacher.eval()
        if mode and self.teacher_mode == 'train':
            for module in self.teacher.modules():
                if isinstance(module, DROPPING):
                    module.train()
        return self

    def forward(self, inputs: Tensor, data_samples: Sequence | None = None, mode: str = 'tensor',
                **kwargs):
        """Do what ``mode`` says: 'loss', 'predict', or 'tensor', which is mmengine's default."""
        return super().forward(inputs, data_samples, mode, **kwargs)

    def _forward(self, inputs: Tensor, data_samples: Sequence | None = None) -> list:
        """Segment clips with the predictor; see :meth:`SparseToDenseVideo._forward`."""
        return self.predictor(inputs, data_samples, 'tensor')

    def loss(self, inputs: Tensor, data_samples: Sequence, **kwargs) -> dict[str, Tensor]:
        """Compute keymask and teacher losses of a batch of clips (B, T, 3, H, W)."""
        head = self.student.track_head
        sets = [head.collect_targets(data_samples)]
        images, clips = inputs.flatten(0, 1), len(inputs)
        if self.teacher_loss_weight:
            # before the student: what the teacher needs for a moment adds nothing to the peak then
            sets.append(self.teacher_targets(images, clips))
        outputs = head(self.student.backbone(images), clips=clips)
        keymasks, *taught = head.losses_by_targets(*outputs, sets)
        losses = {name: value * self.supervised_loss_weight for name, value in keymasks.items()}
        for terms in taught:
            losses.update({_teacher_name(name): value * self.teacher_loss_weight
                           for name, value in terms.items()})
        return losses

    @torch.no_grad()
    def teacher_targets(self, images: Tensor, clips: int) -> list[ClipTargets]:
        """Turn the teacher's confident masks on (B * T, 3, H, W) images of B clips into targets.

        As with keymasks the masks have the size of the images.
        """
        outputs = self.teacher.track_head.forward_last(self.teacher.backbone(images), clips)
        return confident_targets(*outputs, tuple(images.shape[-2:]), self.teacher_score_thr,
                                 self.teacher_max_instances, self.teacher_nms_iou)

    @property
    def predictor(self):
        """The segmenter that inference uses."""
        return getattr(self, self.predict_with)

    def segment_window(self, inputs: Tensor) -> tuple[Tensor, Tensor, None]:
        """Segment one window; see :meth:`SparseToDenseVideo.segment_window`."""
        return self.predictor.segment_window(inputs)

    def predict(self, inputs: Tensor, data_samples: Sequence, **kwargs) -> Sequence:
        """Segment one whole video; see :meth:`SparseToDenseVideo.predict`."""
        return self.predictor.predict(inputs, data_samples, **kwargs)


def _check_detector(detector: nn.Module) -> None:
    """Say at once what the detector lacks of the methods that distillation calls.

    Raises:
        S2DInputError: Names the class and the first method or part that is missing.
    """
    head = getattr(detector, 'track_head', None)
    for owner, names in ((detector, ('track_head', 'backbone', 'segment_window', 'predict')),
                         (head, ('collect_targets', 'losses_by_targets', 'forward_last'))):
        for name in names:
            if not hasattr(owner, name):
                raise S2DInputError(
                    f'SparseToDenseDistiller: its detector needs {name}, which '
                    f'{type(owner).__name__} does not have; take SparseToDenseVideo with '
                    'SparseToDenseHead, or a class of your own with this method')


def _teacher_name(name: str) -> str:
    prefix, _, last = name.rpartition('.')
    return f'{prefix}.kd_{last}' if prefix else f'kd_{last}'
