"""What a training sees, as pictures at intervals: keymasks, student and teacher of a clip."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from ..arguments import check_count, check_path, check_share
from ..labels.rle import encode_masks
from ..models.window_inference import MaskResize
from ..registry import HOOKS
from ..visualization import ColoredMask, clip_sheet, instance_color


@HOOKS.register_module()
class ClipDrawingHook(Hook):
    """Draw a clip of the batch side by side: its labels, the student's masks and the teacher's.

    The picture goes to every backend of the runner's visualizer (``visualizer.vis_backends``):
    image files, TensorBoard, Weights and Biases. A model without a teacher has one column less.
    The training is the same, bit for bit, as without it: masks are those of inference, so nothing
    random is drawn.

    Args:
        interval: Training iterations from one picture to the next.
        score_thr: Masks with a lower score are left out.
        max_instances: At most so many of each model, the best first.
        name: Of the picture in the backends.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    priority = 'LOW'

    def __init__(self, interval: int = 500, score_thr: float = 0.3, max_instances: int = 20,
                 name: str = 'train_clip'):
        check_count(self, interval=interval, max_instances=max_instances)
        check_share(self, score_thr=score_thr)
        check_path(self, name=name)
        self.interval, self.score_thr = interval, score_thr
        self.max_instances, self.name = max_instances, name

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        """Draw the first clip of the batch, in the first process, when it is time."""
        if runner.rank or data_batch is None or not self.every_n_train_iters(
                runner, self.interval):
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        picture = self.draw(model, data_batch['inputs'][0], data_batch['data_samples'][0])
        runner.visualizer.add_image(self.name, picture, step=runner.iter + 1)

    def draw(self, model: nn.Module, clip: Tensor, sample: Sequence) -> np.ndarray:
        """Draw one clip.

        Args:
            model: A distiller with ``student`` and ``teacher``, or a segmenter; either with
                ``data_preprocessor`` and ``segment_window``.
            clip: (T, 3, H, W) uint8, as the data loader gives it.
            sample: Its ``TrackDataSample``.

        Returns:
            (H', W', 3) uint8 RGB.
        """
        frames = clip.numpy().transpose(0, 2, 3, 1)
        if getattr(model.data_preprocessor, '_channel_conversion', False):
            frames = frames[..., ::-1]
        size = frames.shape[1:3]
        columns = dict(labels=[_label_masks(sample[index], size) for index in range(len(frames))])
        with _inference(model):
            batch = model.data_preprocessor(
                dict(inputs=[clip], data_samples=[copy.deepcopy(sample)]), False)
            inputs = batch['inputs'][0]
            resize = MaskResize(size, size, tuple(inputs.shape[-2:]))
            segmenters = {name: getattr(model, name) for name in ('student', 'teacher')
                          if hasattr(model, name)} or dict(model=model)
            for name, segmenter in segmenters.items():
                scores, logits, *_ = segmenter.segment_window(inputs)
                columns[name] = self._predicted_masks(scores, logits, resize)
        return clip_sheet(np.ascontiguousarray(frames), columns)

    def _predicted_masks(self, scores: Tensor, logits: Tensor,
                         resize: MaskResize) -> list[list[ColoredMask]]:
        scores, best = scores.topk(min(self.max_instances, len(scores)))
        drawn: list[list[ColoredMask]] = [[] for _ in range(logits.shape[1])]
        for number, (score, query) in enumerate(zip(scores.tolist(), best.tolist(), strict=True),
                                                1):
            if score < self.score_thr:
                break
            masks = (resize(logits[query]) > 0).cpu().numpy()
            for frame, (mask, rle) in enumerate(zip(masks, encode_masks(masks), strict=True)):
                if mask.any():
                    drawn[frame].append(ColoredMask(rle, instance_color(number), f'{score:.2f}'))
        return drawn


def _label_masks(frame, size: tuple[int, int]) -> list[ColoredMask]:
    instances = frame.gt_instances
    # the model's preprocessor may have padded them
    masks = np.asarray(instances.masks.masks, bool)[:, :size[0], :size[1]]
    # colours go by the instance, so that it has the same one in all frames
    numbers = (instances.instances_ids.tolist() if 'instances_ids' in instances
               else range(len(masks)))
    return [ColoredMask(rle, instance_color(int(number) + 1), str(int(number)))
            for number, mask, rle in zip(numbers, masks, encode_masks(masks), strict=True)
            if mask.any()]


@contextmanager
def _inference(model: nn.Module) -> Iterator[None]:
    """Put all modules into inference mode for a moment."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
