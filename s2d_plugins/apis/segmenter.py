"""A trained clip model with its settings, ready to segment frames."""

import contextlib
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn
from tqdm import tqdm

from ..arguments import refuse
from ..errors import S2DInputError
from ..fileio.configs import config_errors, load_config, type_name
from ..inference_settings import AUTO, check_settings
from ..models.loading import load_model
from ..models.window_inference import MaskResize, Tube, segment_video
from ..structures import Frames
from .journal import VideoJournal
from .window_choice import (
    ALWAYS_FIT,
    ClipCost,
    check_fits,
    choose_window,
    free_bytes,
    is_out_of_memory,
    measure_cost,
    out_of_memory,
    overlap_of,
)

DEFAULT_SCALE = (1333, 360)
DEFAULT_BACKEND = 'pillow'


class VideoSegmenter:
    """Frames of one shot in, mask tubes out.

    Args:
        model: A model with ``data_preprocessor`` and ``segment_window``, see
            :class:`~s2d_plugins.models.SparseToDenseVideo`.
        scale: Largest (long side, short side) of the frames that the model sees, in pixels; the
            aspect ratio is kept. Best is the size it was trained with.
        resize_backend: ``'pillow'``, antialiased, or ``'cv2'``, which is faster and keeps more fine
            detail. Best is the one it was trained with.
        **settings: Of :func:`~s2d_plugins.models.window_inference.segment_video`: ``window``,
            ``overlap``, ``top_k``, ``score_thr``, ``tube_nms_iou``, ``link_iou``, ``max_lost``
            and ``keep_empty``; those that are not given are as in the model's ``test_cfg``, but
            ``keep_empty`` is False. A ``window`` of ``'auto'``, which is the default, is all of
            a video that fits into memory, and else windows as long as fit.

    Raises:
        S2DInputError: If the model segments no windows, or a setting is unknown or out of its
            range.
    """

    def __init__(self, model: nn.Module, scale: tuple[int, int] = DEFAULT_SCALE,
                 resize_backend: str = DEFAULT_BACKEND, **settings: Any):
        check_settings(dict(settings, scale=scale, resize_backend=resize_backend), auto=True)
        if not all(hasattr(model, name) for name in ('segment_window', 'data_preprocessor')):
            raise refuse(self, 'model', type(model).__name__,
                         'one with segment_window and data_preprocessor')
        self.model = model.eval()
        self.scale = tuple(scale)
        self.resize_backend = resize_backend
        own = getattr(getattr(model, 'predictor', model), 'test_cfg', None) or {}
        # tubes without a pixel count in a test, but nobody wants to see them
        self.settings = {'window': AUTO, **own, 'keep_empty': False, **settings}
        self._costs: dict[tuple[int, ...], ClipCost] = {}
        self._said: set[str] = set()

    @classmethod
    def from_files(cls, config: str | Path, checkpoint: str | Path, device: str = 'cpu',
                   **settings: Any) -> 'VideoSegmenter':
        """Build the model of a training config and load its weights; see :func:`load_model`.

        ``scale`` and ``resize_backend`` are by default those of the config's test pipeline.
        """
        with config_errors(config):
            settings = {**find_test_resize(load_config(config), settings), **settings}
        return cls(load_model(config, checkpoint, device), **settings)

    def segment(self, frames: Frames, out_size: tuple[int, int] | None = None,
                progress: Callable[[int, int], None] | None = None,
                journal: VideoJournal | None = None) -> list[Tube]:
        """Segment and track the objects of one shot.

        Args:
            frames: (H, W, 3) uint8 RGB each; only ``len`` and indexing are needed, and each
                window's frames are read when it is its turn.
            out_size: (height, width) of the masks; by default that of the frames.
            progress: Called with (frames done, frames in all).
            journal: Keeps the windows that are done, so that a stopped run goes on after them.

        Returns:
            Tubes, best first, see :func:`~s2d_plugins.models.window_inference.segment_video`.

        Raises:
            S2DInputError: If memory runs out, or would; names the window to try.
        """
        height, width = frames[0].shape[:2]
        image_size = self._prepare(frames[0]).shape[:2]
        device = torch.device(self.model.data_preprocessor.device)
        # some kernels run on the current GPU, whichever holds their tensors
        with torch.cuda.device(device) if device.type == 'cuda' else contextlib.nullcontext():
            padded_size = tuple(self._inputs([frames[0]]).shape[-2:])
            resize = MaskResize(tuple(out_size or (height, width)), image_size, padded_size)
            settings, chosen = self._window(frames, padded_size, device, journal)
            while True:
                try:
                    return segment_video(lambda start, stop: self._forward(frames, start, stop),
                                         len(frames), resize=resize, progress=progress,
                                         journal=journal, device=device, **settings)
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                    window = settings['window'] or len(frames)
                    if not chosen or window < 4:
                        raise out_of_memory(window) from error
                window //= 2
                settings = dict(settings, window=window, overlap=overlap_of(window))
                self._say(f'memory ran out; going on in windows of {window} frames')
                if device.type == 'cuda':
                    torch.cuda.empty_cache()

    def _window(self, frames: Frames, size: tuple[int, ...], device: torch.device,
                journal: VideoJournal | None) -> tuple[dict[str, Any], bool]:
        """Return the settings for a video, and whether its window was chosen here."""
        settings, count = dict(self.settings), len(frames)
        if settings['window'] != AUTO:
            window = min(settings['window'] or count, count)
            if window > ALWAYS_FIT and device.type == 'cpu':
                check_fits(window, self._cost(frames, size, device), free_bytes(device))
            return settings, False
        before = None if journal is None else journal.read_windows()
        if before is not None and before['num_frames'] == count:
            return dict(settings, window=before['window'], overlap=before['overlap']), True
        if count <= ALWAYS_FIT:
            return dict(settings, window=None), True
        window = choose_window(count, self._cost(frames, size, device), free_bytes(device))
        if window is None:
            self._say(f'up to {count} frames are seen at once: they fit into memory')
            return dict(settings, window=None), True
        overlap = min(settings.get('overlap') or overlap_of(window), window - 1)
        self._say(f'videos are seen in windows of {window} frames that share {overlap}, as many '
                  'as fit into memory; --window N takes others')
        return dict(settings, window=window, overlap=overlap), True

    def _cost(self, frames: Frames, size: tuple[int, ...], device: torch.device) -> ClipCost:
        if size not in self._costs:
            with torch.no_grad():
                self._costs[size] = measure_cost(
                    lambda count: self._forward(frames, 0, count), device,
                    frame_bytes=3 * 4 * size[0] * size[1])
        return self._costs[size]

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            tqdm.write(line, file=sys.stderr)

    def _forward(self, frames: Frames, start: int,
                 stop: int) -> tuple[Tensor, Tensor, Tensor | None]:
        inputs = self._inputs([frames[index] for index in range(start, stop)])
        scores, masks, *features = self.model.segment_window(inputs)
        return scores, masks, features[0] if features else None

    def _prepare(self, frame: np.ndarray) -> np.ndarray:
        return mmcv.imrescale(frame, self.scale, backend=self.resize_backend)

    def _inputs(self, frames: Sequence[np.ndarray]) -> Tensor:
        """Turn RGB frames into the padded, normalised (T, 3, H, W) that the model takes."""
        preprocessor = self.model.data_preprocessor
        images = np.stack([self._prepare(frame) for frame in frames])
        if preprocessor._channel_conversion:  # it expects BGR, as mmdet's image loading gives
            images = images[..., ::-1]
        images = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        return preprocessor(dict(inputs=[images], data_samples=None), False)['inputs'][0]


def find_test_resize(cfg: Config, given: Collection[str] = ()) -> dict[str, Any]:
    """Return ``scale`` and ``resize_backend`` with which a config's ``test_pipeline`` resizes.

    ``Resize`` may be written with a scope or as a class; its backend is mmcv's default, cv2, where
    it names none.

    Args:
        cfg: Config of a training.
        given: Settings that the user gives, for which the pipeline need not be clear.

    Raises:
        S2DInputError: If there is a pipeline whose scale cannot be told and none is given; a
            config without one has the full-size recipe's.
    """
    if not cfg.get('test_pipeline'):
        return dict(scale=DEFAULT_SCALE, resize_backend=DEFAULT_BACKEND)
    steps = [step for outer in cfg.test_pipeline
             for step in (outer, *outer.get('transforms', ()))]
    found = [dict(scale=tuple(step.scale), resize_backend=step.get('backend', 'cv2'))
             for step in steps if type_name(step.type) == 'Resize' and 'scale' in step]
    if len(found) != 1 and 'scale' not in given:
        raise S2DInputError(f'{cfg.filename}: expected one Resize with a scale in test_pipeline, '
                            f'found {len(found)}; add it, or set inference.scale')
    return found[0] if len(found) == 1 else {}
