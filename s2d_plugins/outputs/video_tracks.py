"""The tracks of one video, with what a file about them has to say of the video."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..video import FolderVideo, Video


@dataclass(frozen=True)
class VideoTracks:
    """What was found in one video.

    Attributes:
        name: Of the video, as in file names.
        size: (height, width) of its frames and of all masks.
        tracks: ``dict(score, segmentations)`` each, with an RLE or None per frame. A track's number
            is its place here, from 1; colours and ids of all outputs go by it.
        frame_names: Per frame ``<video>/<file>``, relative to a folder of videos' frames.
        times: (T + 1,) seconds at which each frame is shown and the video ends.
        fps: Frames per second, on average.
        video_id: The video's number.
        source: Where the frames are; None if there are none any more.
    """

    name: str
    size: tuple[int, int]
    tracks: Sequence[dict]
    frame_names: Sequence[str]
    times: Sequence[float] | np.ndarray
    fps: float
    video_id: int = 1
    source: Video | None = None

    @classmethod
    def of(cls, source: Video, tracks: Sequence[dict], name: str | None = None,
           video_id: int = 1) -> 'VideoTracks':
        """Describe the tracks of an open video.

        Frames in a folder keep their names; others are ``00000.jpg``, ..., as S2D writes them.
        """
        name = name or source.name
        if isinstance(source, FolderVideo):
            frames = [f'{source.path.resolve().name}/{file.name}' for file in source.files]
        else:
            frames = [f'{name}/{index:05d}.jpg' for index in range(len(source))]
        return cls(name, source.size, tracks, frames, source.times, source.fps, video_id, source)

    def __len__(self) -> int:
        return len(self.frame_names)

    def present(self, frame: int) -> list[tuple[int, dict, dict]]:
        """Return number, track and RLE of each track that is seen in a frame."""
        return [(number, track, track['segmentations'][frame])
                for number, track in enumerate(self.tracks, 1)
                if track['segmentations'][frame] is not None]
