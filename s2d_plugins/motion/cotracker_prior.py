"""Point tracks from CoTracker3, the tracker of the paper."""

import importlib.util
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..arguments import (
    check_choice,
    check_count,
    check_flag,
    check_number,
    check_path,
)
from ..devices import choose_device
from ..errors import S2DInputError, one_line
from ..fileio.checkpoint_sources import check_source
from ..fileio.weights_list import COTRACKER_COMMIT
from ..registry import MOTION_PRIORS
from ..structures import Frames, TrackPiece
from .base_motion_prior import BaseMotionPrior, check_queries
from .frame_features import features_kept
from .prior_weights import load_weights

HUB_REPOSITORY = f'facebookresearch/co-tracker:{COTRACKER_COMMIT}'
INSTALL_HELP = ('install it with `pip install git+https://github.com/facebookresearch/co-tracker'
                f'@{COTRACKER_COMMIT}` '
                'and give its checkpoint, or let torch.hub download both; its weights are '
                "CC-BY-NC. motion_prior=dict(type='OpenCVFlowPrior') needs neither")


@MOTION_PRIORS.register_module()
class CoTrackerPrior(BaseMotionPrior):
    """CoTracker3 (Karaev et al., arXiv 2410.11831); built when it is first needed.

    The image features of a video are computed once. Points go through the tracker in chunks, so
    that memory does not grow with their number. Tracks given in one call attend to each other;
    with ``per_frame`` only points of one query frame ever meet.

    Predictions before a point's query frame are used only if they were tracked backward. A point
    is invisible while it is outside the frame.

    Args:
        mode: ``'offline'`` sees the whole video at once, ``'online'`` sliding windows, at flat
            memory.
        checkpoint: Path or URL of weights, or ``s2d://cotracker3_offline``, for an installed
            ``cotracker`` package; None asks torch.hub for code (of one commit) and weights.
        device: ``'cpu'``, ``'cuda'``, ...; None takes CUDA where there is one.
        max_points: Points per call.
        per_frame: Never mix points of different query frames in a call.
        backward: Also track backward from the query frame.
        border: Pixels at the edge of the frame within which a point counts as stuck and is lost;
            published is 0: points at the border are kept.
        window_len: Frames that the model looks at; None for the model's own, 60 offline and 16
            online.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    def __init__(self, mode: str = 'offline', checkpoint: str | None = None,
                 device: str | None = None, max_points: int = 4096, per_frame: bool = False,
                 backward: bool = True, border: float = 0.0, window_len: int | None = None):
        check_choice(self, ('offline', 'online'), mode=mode)
        check_path(self, checkpoint=checkpoint, optional=True)
        check_count(self, max_points=max_points)
        check_flag(self, per_frame=per_frame, backward=backward)
        check_number(self, border=border, low=0)
        check_count(self, window_len=window_len, low=2, optional=True)
        self.mode = mode
        self.checkpoint = checkpoint
        self.device = choose_device(device)
        self.max_points = max_points
        self.per_frame = per_frame
        self.backward = backward
        self.border = border
        self.window_len = window_len or (60 if mode == 'offline' else 16)
        self._predictor = None

    @property
    def predictor(self) -> torch.nn.Module:
        """CoTracker's own predictor, with weights, on its device."""
        if self._predictor is None:
            self._predictor = self._build().to(self.device).eval()
        return self._predictor

    def check_ready(self) -> None:
        """See :meth:`BaseMotionPrior.check_ready`."""
        if self.checkpoint is not None:
            self._check_package()
            check_source(self.checkpoint)

    def release(self) -> None:
        """See :meth:`BaseMotionPrior.release`."""
        self._predictor = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def stream(self, frames: Frames, queries: np.ndarray) -> Iterator[TrackPiece]:
        """See :meth:`BaseMotionPrior.stream`; holds one chunk of tracks at a time."""
        queries = check_queries(queries, len(frames))
        if len(queries) == 0:
            return
        predictor = self.predictor
        video = self._load(frames, predictor.interp_shape)
        with torch.no_grad(), features_kept(predictor.model, 'fnet'):
            for chunk in self._chunks(queries[:, 0]):
                xy, visible = self._track_chunk(predictor, video, queries[chunk],
                                                frames[0].shape[:2])
                for frame in range(len(frames)):
                    yield TrackPiece(frame, chunk, xy[frame], visible[frame])

    def _chunks(self, query_frames: np.ndarray) -> Iterator[slice]:
        bounds = [0, len(query_frames)]
        if self.per_frame:
            bounds[1:1] = (np.flatnonzero(np.diff(query_frames)) + 1).tolist()
        for start, stop in zip(bounds, bounds[1:], strict=False):
            for first in range(start, stop, self.max_points):
                yield slice(first, min(first + self.max_points, stop))

    def _load(self, frames: Frames, shape: Sequence[int]) -> Tensor:
        """Read the video (1, T, 3, h, w) at the size that the tracker works at."""
        images = []
        for index in range(len(frames)):
            image = torch.from_numpy(np.ascontiguousarray(frames[index])).to(self.device)
            images.append(F.interpolate(image.permute(2, 0, 1)[None].float(), tuple(shape),
                                        mode='bilinear', align_corners=True))
        return torch.cat(images)[None]

    def _track_chunk(self, predictor, video: Tensor, queries: np.ndarray,
                     size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Track a chunk; returns (T, N, 2) positions in pixels of the frame and (T, N) bool."""
        scale = np.array([(video.shape[-1] - 1) / max(size[1] - 1, 1),
                          (video.shape[-2] - 1) / max(size[0] - 1, 1)], np.float32)
        scaled = queries.copy()
        scaled[:, 1:] *= scale
        points = torch.from_numpy(scaled)[None].to(self.device)
        run = self._run_offline if self.mode == 'offline' else self._run_online
        xy, visible = run(predictor, video, points)
        xy = xy[0].float().cpu().numpy() / scale
        visible = visible.reshape(visible.shape[:3])[0].bool().cpu().numpy()
        return clean_tracks(xy, visible, queries, size, self.border, self.backward)

    def _run_offline(self, predictor, video: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        return predictor(video, queries=points, backward_tracking=self.backward)

    def _run_online(self, predictor, video: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        xy, visible = _slide(predictor, video, points)
        if self.backward:
            length = video.shape[1]
            reversed_points = points.clone()
            reversed_points[..., 0] = length - 1 - points[..., 0]
            back_xy, back_visible = _slide(predictor, video.flip(1), reversed_points)
            frames = torch.arange(length, device=points.device)[None, :, None]
            before = frames < points[:, None, :, 0]
            xy = torch.where(before[..., None], back_xy.flip(1), xy)
            visible = torch.where(before, back_visible.flip(1), visible)
        return xy, visible

    @staticmethod
    def _check_package() -> None:
        if importlib.util.find_spec('cotracker') is None:
            raise S2DInputError('CoTrackerPrior: the package cotracker is missing; '
                                f'{INSTALL_HELP}')

    def _build(self) -> torch.nn.Module:
        if self.checkpoint is None:
            try:
                # without trust torch asks at the terminal, where a batch job waits for ever; its
                # validation knows the newest commit alone
                return torch.hub.load(HUB_REPOSITORY, f'cotracker3_{self.mode}', trust_repo=True,
                                      skip_validation=True)
            except Exception as error:  # it runs code from elsewhere
                raise S2DInputError(f'CoTrackerPrior: torch.hub cannot load {HUB_REPOSITORY} '
                                    f'({one_line(error)}); {INSTALL_HELP}') from error
        self._check_package()
        from cotracker.predictor import CoTrackerOnlinePredictor, CoTrackerPredictor
        cls = CoTrackerPredictor if self.mode == 'offline' else CoTrackerOnlinePredictor
        predictor = cls(checkpoint=None, offline=self.mode == 'offline', v2=False,
                        window_len=self.window_len)
        load_weights(predictor.model, self.checkpoint)
        return predictor


def _slide(predictor, video: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Run the online tracker over a whole video; its last frame fills the last window."""
    length, step = video.shape[1], predictor.step
    steps = max(-(-length // step), 2)
    missing = steps * step - length
    if missing > 0:
        video = torch.cat([video, video[:, -1:].expand(-1, missing, -1, -1, -1)], dim=1)
    predictor(video_chunk=video[:, :2 * step], is_first_step=True, queries=points)
    for first in range(0, (steps - 1) * step, step):
        xy, visible = predictor(video_chunk=video[:, first:first + 2 * step])
    visible = visible.reshape(xy.shape[:3])
    return xy[:, :length], visible[:, :length].bool()


def clean_tracks(xy: np.ndarray, visible: np.ndarray, queries: np.ndarray, size: tuple[int, int],
                 border: float, backward: bool) -> tuple[np.ndarray, np.ndarray]:
    """Take out what a tracker says but cannot know.

    Args:
        xy: (T, N, 2) positions in pixels of the frame.
        visible: (T, N) bool.
        queries: (N, 3) rows (frame, x, y).
        size: (H, W) of the frame.
        border: A point this close to the edge of the frame is stuck and lost there.
        backward: Whether frames before the query frame were tracked.

    Returns:
        Positions, NaN where nothing is known, and visibility. The query itself is exact.
    """
    height, width = size
    x, y = xy[..., 0], xy[..., 1]
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    stuck = inside & ((x < border) | (x > width - 1 - border)
                      | (y < border) | (y > height - 1 - border))
    unknown = stuck | ~np.isfinite(xy).all(axis=2)
    if not backward:
        unknown |= np.arange(len(xy))[:, None] < queries[:, 0]
    xy = np.where(unknown[..., None], np.nan, xy).astype(np.float32)
    visible = visible & inside & ~unknown
    frames, points = queries[:, 0].astype(int), np.arange(len(queries))
    xy[frames, points] = queries[:, 1:]
    visible[frames, points] = True
    return xy, visible
