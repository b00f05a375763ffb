"""What an inferencer is given, as videos with names of their own."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..arguments import items_of, refuse
from ..fileio.paths import named_path
from ..video import ArrayVideo, Video, list_videos, open_video, video_names

EXPECTED = ('a video (a path, an array (T, H, W, 3), a list of frames), a folder of videos or a '
            'list of videos')


@dataclass(frozen=True)
class InferenceInput:
    """One video to segment.

    Attributes:
        name: Unlike that of any other in the same call.
        source: Path of a file or a folder of frames, or frames.
    """

    name: str
    source: Path | Video

    @property
    def path(self) -> Path | None:
        """Where the video lies; None for frames in memory."""
        if isinstance(self.source, Path):
            return self.source
        return None if isinstance(self.source, ArrayVideo) else self.source.path

    def open(self) -> Video:
        """Open the video; files are not held open before it is their turn.

        Raises:
            S2DInputError: See :func:`~s2d_plugins.video.open_video`.
        """
        return (self.source if isinstance(self.source, Video)
                else open_video(self.source, self.name))


def list_inputs(inputs: Any) -> tuple[list[InferenceInput], bool]:
    """Return the videos that a user means, and whether it is one video and not a list of one.

    * A path of a file or of a folder of frames, an array (T, H, W, 3) and a list of frames
      (H, W, 3) are one video.
    * A path of a folder of videos, and a list or tuple of anything that is one video, are that
      many.

    Raises:
        S2DInputError: If it is none of these, or there is no video.
    """
    sources, alone = _sources(inputs)
    paths = [source if isinstance(source, Path) else source.path for source in sources]
    return [InferenceInput(name, source)
            for name, source in zip(video_names(paths), sources, strict=True)], alone


def _sources(inputs: Any) -> tuple[list[Path | Video], bool]:
    if isinstance(inputs, str | PurePath) and os.path.isdir(inputs):
        paths = list_videos(Path(inputs))
        return [*paths], paths == [named_path(Path(inputs))]
    if not isinstance(inputs, list | tuple) or _holds_frames(inputs):
        return [_one(inputs, 'inputs')], True
    items = items_of('S2DInferencer', 'inputs', inputs)
    return [_one(item, name, f'video_{number}')
            for number, (name, item) in enumerate(items.items(), 1)], False


def _one(value: Any, argument: str, name: str = 'video') -> Path | Video:
    if isinstance(value, str | PurePath) and str(value):
        return Path(value)
    if isinstance(value, Video):
        return value
    if isinstance(value, np.ndarray) or _holds_frames(value):
        return ArrayVideo(value, name)
    raise refuse('S2DInferencer', argument, value, EXPECTED)


def _holds_frames(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(
        isinstance(item, np.ndarray) and item.ndim <= 3 for item in value)
