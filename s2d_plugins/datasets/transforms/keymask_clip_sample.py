"""Choose the frames of a training clip by where keymasks are."""

from collections.abc import Sequence

import numpy as np
from mmdet.datasets.transforms import BaseFrameSample

from ...arguments import check_choice, check_count, check_type, items_of
from ...errors import S2DInputError
from ...registry import TRANSFORMS


def find_runs(frames: Sequence[int], num_frames: int, stride: int = 1) -> list[int]:
    """First frames of all runs ``f, f + stride, ...`` of ``num_frames`` frames within ``frames``.

    Example:
        >>> find_runs([0, 1, 2, 3, 7, 8], num_frames=3)
        [0, 1]
    """
    present = set(frames)
    return [first for first in sorted(present)
            if all(first + step * stride in present for step in range(1, num_frames))]


def frames_near(key: int, video_length: int, num_frames: int, frame_range: int) -> list[int]:
    """Draw ``num_frames`` sorted frames within ``frame_range`` of ``key``, ``key`` among them.

    Frames are distinct unless the video is shorter than the clip; then all its frames are used
    and some come twice.
    """
    near = [frame for frame in range(max(0, key - frame_range),
                                     min(video_length, key + frame_range + 1)) if frame != key]
    if len(near) >= num_frames - 1:
        chosen = np.random.choice(len(near), num_frames - 1, replace=False)
        return sorted([key] + [near[index] for index in chosen])
    frames = [key] + near
    extra = np.random.choice(len(frames), num_frames - len(frames))
    return sorted(frames + [frames[index] for index in extra])


#: How :class:`KeymaskClipSample` may choose.
CHOICES = ('windows', 'instances', 'keymask', 'any')


@TRANSFORMS.register_module()
class KeymaskClipSample(BaseFrameSample):
    """Choose ``num_frames`` frames of a video so that there is something to learn from.

    A *window* is a row of consecutive frames in all of which one instance has a keymask. ``choice``
    says how a clip is drawn:

    * ``'windows'`` (S2D, arXiv 2512.14440): evenly from all windows of all instances. Without any,
      the clip is a random frame, with or without keymask, and others within ``frame_range``.
    * ``'instances'``: an instance that has a window, then one of its windows. An instance seen for
      three frames comes up as often as one seen throughout. Without any window the clip is a frame
      with a keymask and others within ``frame_range``.
    * ``'keymask'``: a frame with a keymask and others within ``frame_range``; no windows.
    * ``'any'`` (VideoCutLER): a random frame and others within ``frame_range``.

    Stands where ``UniformRefFrameSample`` stands in mmdet's pipelines and has the same output;
    ``key_frame_id`` (from ``TrackImgSampler``) is kept if given.

    Args:
        num_frames: Frames per clip.
        frame_range: Largest distance in frames from the first drawn frame, where there is no
            window.
        choice: See above.
        strides: Steps between the frames of a window; one is drawn per clip, and the others are
            tried where it gives no window.
        collect_video_keys: See ``BaseFrameSample``.

    Raises:
        S2DInputError: If an argument is of another type or out of its range.
    """

    def __init__(self, num_frames: int = 3, frame_range: int = 20, choice: str = 'windows',
                 strides: Sequence[int] = (1,),
                 collect_video_keys: Sequence[str] = ('video_id', 'video_length')):
        check_count(self, num_frames=num_frames)
        check_count(self, frame_range=frame_range, low=num_frames - 1)
        check_choice(self, CHOICES, choice=choice)
        check_count(self, **items_of(self, 'strides', strides))
        check_type(self, str, 'the name of a key',
                   **items_of(self, 'collect_video_keys', collect_video_keys, least=0))
        super().__init__(collect_video_keys=list(collect_video_keys))
        self.num_frames = num_frames
        self.frame_range = frame_range
        self.choice = choice
        self.strides = tuple(strides)

    def transform(self, video_infos: dict) -> dict[str, list]:
        """Choose the frames; returns lists with one entry per frame.

        Raises:
            S2DInputError: If the video has no keymask at all.
        """
        frames_of = self._frames_of_instances(video_infos)
        key = video_infos.get('key_frame_id')
        frames = self._draw_window(list(frames_of.values()), key)
        if frames is None:
            if key is None:
                key = self._draw_key(frames_of, video_infos['video_length'])
            frames = frames_near(key, video_infos['video_length'], self.num_frames,
                                 self.frame_range)
        elif key is None:
            key = frames[len(frames) // 2]
        results = self.prepare_data(video_infos, frames)
        flags = [False] * len(frames)
        flags[frames.index(key)] = True
        results['key_frame_flags'] = flags
        return results

    def _frames_of_instances(self, video_infos: dict) -> dict[int, list[int]]:
        frames_of: dict[int, list[int]] = {}
        for frame, image in enumerate(video_infos['images']):
            for instance in image['instances']:
                if not instance.get('ignore_flag'):
                    frames_of.setdefault(instance['instance_id'], []).append(frame)
        if not frames_of:
            raise S2DInputError(f'video {video_infos.get("video_id")} has no keymask in any of '
                                f'its {video_infos["video_length"]} frames; leave it out')
        return frames_of

    def _draw_window(self, frames_of: list[list[int]], key: int | None) -> list[int] | None:
        """Draw a window (that contains ``key``, if given); None if there is none or none wanted."""
        if self.choice not in ('windows', 'instances'):
            return None
        for stride in np.random.permutation(self.strides).tolist():
            steps = range(0, self.num_frames * stride, stride)
            firsts_of = [[first for first in find_runs(frames, self.num_frames, stride)
                          if key is None or key - first in steps] for frames in frames_of]
            firsts_of = [firsts for firsts in firsts_of if firsts]
            if firsts_of:
                if self.choice == 'windows':
                    firsts = [first for firsts in firsts_of for first in firsts]
                else:
                    firsts = firsts_of[np.random.randint(len(firsts_of))]
                first = firsts[np.random.randint(len(firsts))]
                return [first + step for step in steps]
        return None

    def _draw_key(self, frames_of: dict[int, list[int]], video_length: int) -> int:
        """Draw the frame that the others of a clip without a window are near to."""
        if self.choice in ('windows', 'any'):
            return np.random.randint(video_length)
        return int(np.random.choice(sorted(set().union(*frames_of.values()))))

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(num_frames={self.num_frames}, '
                f'frame_range={self.frame_range}, choice={self.choice!r}, '
                f'strides={self.strides})')
