"""How far a still object moves within a clip because each frame is augmented anew."""

from collections.abc import Sequence

import numpy as np
from mmengine.registry import DefaultScope

from s2d_plugins.datasets.transforms.mask_ops import set_instances
from s2d_plugins.registry import TRANSFORMS

#: What a made clip needs no more: it is in memory.
_LOADING = ('LoadImageFromFile', 'LoadKeymasks')


def augmentation_of(pipeline: Sequence[dict], shared: bool | None = None) -> list:
    """Build the augmentation of a train pipeline: its ``TransformBroadcaster`` without loading.

    Args:
        pipeline: Of a config.
        shared: Draw all parameters once for a clip (True); None leaves it to the config.
    """
    built = []
    with DefaultScope.overwrite_default_scope('s2d_plugins'):
        for step in pipeline:
            if step['type'] != 'TransformBroadcaster':
                continue
            transforms = [inner for inner in step['transforms'] if inner['type'] not in _LOADING]
            built.append(TRANSFORMS.build(dict(step, transforms=transforms, **(
                {} if shared is None else dict(share_random_params=shared)))))
    return built


def still_clip(size: tuple[int, int], centre: tuple[float, float], radius: int,
               num_frames: int) -> dict[str, list]:
    """Make a clip of grey frames (height, width) with a disk that stays at ``centre`` (x, y)."""
    y, x = np.mgrid[:size[0], :size[1]] + 0.5
    disk = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius ** 2
    frames = []
    for _ in range(num_frames):
        frame = dict(img=np.full((*size, 3), 128, np.uint8), img_shape=size, ori_shape=size)
        set_instances(frame, disk[None].astype(np.uint8), *np.ones((3, 1), int) - [[0], [1], [1]])
        frames.append(frame)
    return {key: [frame[key] for frame in frames] for key in frames[0]}


def measure_motion(augmentation: Sequence, size: tuple[int, int], clips: int,
                   anywhere: bool = False, num_frames: int = 3) -> tuple[float, float]:
    """Measure the motion of a disk that lies still in the middle, or anywhere, in the frame.

    Returns:
        The mean over the clips that show the disk in every frame: largest minus smallest x of
        its centre, each in shares of its frame's width; and the share of these clips.
    """
    np.random.seed(0)
    generator = np.random.default_rng(0)
    radius = size[0] // 20
    corner = np.array(size[::-1])
    moves = []
    for _ in range(clips):
        centre = generator.uniform(radius, corner - radius) if anywhere else corner / 2
        results = still_clip(size, tuple(centre), radius, num_frames)
        for transform in augmentation:
            results = transform(results)
        seen = [np.nonzero(masks.masks[0])[1].mean() / masks.width
                for masks in results['gt_masks'] if len(masks)]
        if len(seen) == num_frames:
            moves.append(max(seen) - min(seen))
    return float(np.mean(moves)) if moves else float('nan'), len(moves) / clips
