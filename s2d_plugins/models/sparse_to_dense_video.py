"""Video Mask2Former that segments videos of any length in windows."""

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.models import Mask2FormerVideo
from mmdet.structures import TrackDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from s2d_plugins.arguments import check_flag, check_type, refuse
from s2d_plugins.inference_settings import RESIZING, check_settings
from s2d_plugins.labels.rle import areas_and_boxes, decode_mask
from s2d_plugins.registry import MODELS

from .loss_values import LossValues
from .window_inference import MaskResize, Tube, segment_video


@MODELS.register_module()
class SparseToDenseVideo(LossValues, Mask2FormerVideo):
    """mmdet's Video Mask2Former plus inference over windows; parameters have mmdet's names.

    Its ``track_head`` is a :class:`SparseToDenseHead`.

    Args:
        test_cfg: Keyword arguments of :func:`segment_video` (``window``, ``overlap``, ``top_k``,
            ``score_thr``, ``tube_nms_iou``, ``link_iou``, ``keep_empty``). By default the whole
            video is one window, as in the paper.
        dense_masks: Whether predictions hold ``masks`` beside ``segmentations``. mmdet's metrics
            and visualisers need them; this package's metrics do not, and at 720p they take ten
            times the time and 9 MB a frame with ten instances.
        **kwargs: As for mmdet's ``Mask2FormerVideo``.

    Raises:
        S2DInputError: If a setting is unknown, of another type or out of its range.
    """

    def __init__(self, *args, test_cfg: dict | None = None, dense_masks: bool = True, **kwargs):
        check_flag(self, dense_masks=dense_masks)
        check_type(self, dict, 'a dict', test_cfg=test_cfg, optional=True)
        check_settings(test_cfg or {}, 'SparseToDenseVideo: test_cfg.{}'.format)
        for name in RESIZING:
            if name in (test_cfg or {}):
                raise refuse(self, 'test_cfg', test_cfg,
                             f'without {name}, for the test pipeline resizes')
        super().__init__(*args, **kwargs)
        self.dense_masks = dense_masks
        self.test_cfg = dict(test_cfg or {})

    def segment_window(self, inputs: Tensor) -> tuple[Tensor, Tensor, None]:
        """Segment one window of a video.

        Args:
            inputs: (T, 3, H, W) normalised, padded frames, as the data preprocessor makes them.

        Returns:
            Scores (Q,), the probability of the best class; mask logits (Q, T, h, w) over the
            padded frames; None, for no query features.
        """
        cls_scores, mask_preds = self.track_head.forward_last(self.backbone(inputs))
        scores = cls_scores[0].float().softmax(dim=-1)[:, :-1].amax(dim=-1)
        return scores, mask_preds[0].float(), None

    def forward(self, inputs: Tensor, data_samples: Sequence[TrackDataSample] | None = None,
                mode: str = 'tensor', **kwargs):
        """Do what ``mode`` says: 'loss', 'predict', or 'tensor', which is mmengine's default."""
        return super().forward(inputs, data_samples, mode, **kwargs)

    def _forward(self, inputs: Tensor, data_samples: Sequence[TrackDataSample] | None = None,
                 ) -> list[tuple[Tensor, Tensor]]:
        """Segment N clips (N, T, 3, H, W): scores (Q,) and mask logits (Q, T, h, w) of each."""
        return [self.segment_window(clip)[:2] for clip in inputs]

    def predict(self, inputs: Tensor, data_samples: Sequence[TrackDataSample],
                rescale: bool = True) -> list[TrackDataSample]:
        """Segment whole videos.

        Args:
            inputs: (N, T, 3, H, W) normalised, padded videos.
            data_samples: Their N samples, with ``img_shape`` and ``ori_shape`` per frame.
            rescale: Give masks of the original size, else of the model's input.

        Returns:
            N samples; each frame's ``pred_track_instances`` holds ``masks``, ``bboxes``,
            ``labels``, ``scores`` and ``instances_id`` of the same tubes, as mmdet's does, and
            ``segmentations``, their RLEs or None.
        """
        return [self._predict_video(video, sample, rescale)
                for video, sample in zip(inputs, data_samples, strict=True)]

    def _predict_video(self, video: Tensor, sample: TrackDataSample,
                       rescale: bool) -> TrackDataSample:
        image_size = tuple(sample[0].img_shape[:2])
        resize = MaskResize(tuple(sample[0].ori_shape[:2]) if rescale else image_size,
                            image_size, tuple(video.shape[-2:]))
        tubes = segment_video(lambda start, stop: self.segment_window(video[start:stop]),
                              len(video), resize=resize, **self.test_cfg)
        frames = []
        for index in range(len(video)):
            frame = sample[index]
            frame.pred_track_instances = _frame_instances(tubes, index)
            if self.dense_masks:
                frame.pred_track_instances.masks = _decode(
                    frame.pred_track_instances.segmentations, resize.out_size)
            frames.append(frame)
        result = TrackDataSample()
        result.video_data_samples = frames
        return result


def _frame_instances(tubes: Sequence[Tube], frame: int) -> InstanceData:
    segmentations = [tube.segmentations[frame] for tube in tubes]
    boxes = np.zeros((len(tubes), 4), np.float32)
    present = [index for index, rle in enumerate(segmentations) if rle is not None]
    if present:
        boxes[present] = areas_and_boxes([segmentations[index] for index in present])[1]
        boxes[:, 2:] += boxes[:, :2]
    return InstanceData(segmentations=segmentations, bboxes=torch.from_numpy(boxes),
                        labels=torch.zeros(len(tubes), dtype=torch.long),
                        scores=torch.tensor([tube.score for tube in tubes]),
                        instances_id=torch.arange(len(tubes)))


def _decode(segmentations: Sequence[dict | None], size: tuple[int, int]) -> Tensor:
    masks = torch.zeros((len(segmentations), *size), dtype=torch.bool)
    for mask, rle in zip(masks, segmentations, strict=True):
        if rle is not None:
            mask.copy_(torch.from_numpy(decode_mask(rle)))
    return masks
