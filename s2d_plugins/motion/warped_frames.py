"""Pairs of images with exact flow, made from real frames without labels."""

from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.structures import PixelData
from torch.utils.data import Dataset

from ..arguments import check_count, check_flag, check_number, check_path, items_of
from ..compat import import_mmflow
from ..errors import S2DInputError
from ..registry import DATASETS
from ..video import list_videos, open_video

import_mmflow()


@DATASETS.register_module()
class WarpedFrames(Dataset):
    """Real frames under made motion, for training a flow network of mmflow.

    The background follows an affine motion plus a smooth random one; up to three ellipses of
    another frame move in front of it, each its own way. The second image is the frame itself and
    the first is sampled from it, so the flow from first to second is exact, also at occlusions.

    Args:
        videos: Folder of videos (files or folders of frames).
        size: (height, width) of the pairs in pixels.
        length: Pairs per epoch. Item i is the same in every epoch if ``seed`` is given.
        max_shift: Largest translation in pixels.
        seed: Makes the set reproducible, for evaluation; None draws anew each time.
        held_out: Use only one fifth of each video (evaluation), or only the rest (training).
        stride: Read every ``stride``-th frame of a video.
    """

    def __init__(self, videos: str, size: tuple[int, int] = (192, 256), length: int = 1000,
                 max_shift: float = 16.0, seed: int | None = None, held_out: bool = False,
                 stride: int = 4):
        check_path(self, videos=videos)
        check_count(self, **items_of(self, 'size', size, length=2), low=16)
        check_count(self, length=length, stride=stride)
        check_number(self, max_shift=max_shift, low=0)
        check_count(self, seed=seed, low=0, optional=True)
        check_flag(self, held_out=held_out)
        self.size = tuple(size)
        self.length = length
        self.max_shift = max_shift
        self.seed = seed
        self.images = _read_images(videos, self.size, stride, held_out)
        self.metainfo = {}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict:
        from mmflow.structures import FlowDataSample
        rng = np.random.default_rng(None if self.seed is None else (self.seed, index))
        first, second, flow = self.pair(rng)
        sample = FlowDataSample(metainfo=dict(img_shape=self.size, ori_shape=self.size))
        sample.gt_flow_fw = PixelData(data=torch.from_numpy(flow).permute(2, 0, 1))
        images = torch.from_numpy(np.stack([first, second])).permute(0, 3, 1, 2)
        return dict(inputs=images, data_samples=sample)

    def pair(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Make two images (h, w, 3) BGR uint8 and the flow (h, w, 2) float32 between them."""
        second = self._crop(rng)
        flow = random_motion(self.size, self.max_shift, rng)
        first = _warp(second, flow)
        for _ in range(rng.integers(0, 4)):
            layer, mask = self._crop(rng), _ellipse(self.size, rng)
            motion = random_motion(self.size, self.max_shift, rng, wavy=0.3)
            second = np.where(mask[..., None] > 0, layer, second)
            moved = _warp(mask, motion) > 0
            first = np.where(moved[..., None], _warp(layer, motion), first)
            flow = np.where(moved[..., None], motion, flow)
        gain, offset = rng.uniform(0.9, 1.1), rng.uniform(-10, 10)
        second = second * gain + offset + rng.normal(0, 2, second.shape)
        return first, np.clip(second, 0, 255).astype(np.uint8), flow

    def _crop(self, rng: np.random.Generator) -> np.ndarray:
        image = self.images[rng.integers(len(self.images))]
        top = rng.integers(0, image.shape[0] - self.size[0] + 1)
        left = rng.integers(0, image.shape[1] - self.size[1] + 1)
        crop = image[top:top + self.size[0], left:left + self.size[1]]
        return np.ascontiguousarray(crop[:, ::-1] if rng.random() < 0.5 else crop)


def random_motion(size: tuple[int, int], max_shift: float, rng: np.random.Generator,
                  wavy: float = 1.0) -> np.ndarray:
    """Draw a motion (h, w, 2): shift, rotation and scale about the middle, and a smooth rest.

    Small motions are drawn as often as large ones.
    """
    height, width = size
    shift = rng.normal(0, 1, 2)
    shift *= max_shift * rng.random() ** 2 / max(np.linalg.norm(shift), 1e-6)
    angle, scale = rng.normal(0, 0.03), 1 + rng.normal(0, 0.03)
    turn = np.array([[scale * np.cos(angle) - 1, -scale * np.sin(angle)],
                     [scale * np.sin(angle), scale * np.cos(angle) - 1]])
    y, x = np.mgrid[:height, :width]
    place = np.stack([x - width / 2, y - height / 2], axis=-1)
    coarse = rng.normal(0, wavy * rng.uniform(0, 2), (4, 5, 2))
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return (place @ turn.T + shift + smooth).astype(np.float32)


def _warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[:flow.shape[0], :flow.shape[1]].astype(np.float32)
    return cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REFLECT_101)


def _ellipse(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    centre = (int(rng.integers(size[1])), int(rng.integers(size[0])))
    axes = tuple(int(side * rng.uniform(0.08, 0.3)) for side in size[::-1])
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    return mask


def _read_images(videos: str, size: tuple[int, int], stride: int,
                 held_out: bool) -> list[np.ndarray]:
    images = []
    for path in list_videos(Path(videos)):
        for index, frame in enumerate(open_video(path)):
            # Whole stretches of a video are held out: neighbouring frames are too alike.
            if index % stride or (index // stride % 20 >= 16) != held_out:
                continue
            factor = max(1.5 * size[0] / frame.shape[0], 1.5 * size[1] / frame.shape[1])
            small = cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            images.append(np.ascontiguousarray(small[..., ::-1]))
    if not images:
        raise S2DInputError(f'WarpedFrames: found no frame to use in {videos}; give longer '
                            'videos or a smaller stride')
    return images
