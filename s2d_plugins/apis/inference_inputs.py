"""What an inferencer is given, as videos with names of their own."""

import glob
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..arguments import items_of, refuse
from ..errors import S2DInputError
from ..fileio.folders import natural_key
from ..fileio.paths import named_path
from ..video import (
    ArrayVideo,
    Camera,
    SpooledVideo,
    Video,
    list_videos,
    open_video,
    video_names,
)

EXPECTED = ('a video (a path, an array (T, H, W, 3), a list or iterator of frames, a camera), a '
            'folder of videos, a pattern such as videos/*.mp4 or a list of videos')
_CAMERA = 'camera:'


@dataclass(frozen=True)
class InferenceInput:
    """One video to segment.

    Attributes:
        name: Unlike that of any other in the same call.
        source: Path of a file or a folder of frames, frames, or a camera.
    """

    name: str
    source: Path | Video | Camera

    @property
    def path(self) -> Path | None:
        """Where the video lies; None for frames in memory."""
        if isinstance(self.source, Path):
            return self.source
        if isinstance(self.source, ArrayVideo | SpooledVideo | Camera):
            return None
        return self.source.path

    def open(self) -> Video:
        """Open the video; files are not held open before it is their turn.

        Raises:
            S2DInputError: See :func:`~s2d_plugins.video.open_video`.
        """
        if isinstance(self.source, Camera):
            return self.source.record(self.name)
        return (self.source if isinstance(self.source, Video)
                else open_video(self.source, self.name))

    def expected_length(self) -> int:
        """Open the video and tell its number of frames; 0 for a camera, which is not asked yet."""
        return 0 if isinstance(self.source, Camera) else self.open().expected_length


def list_inputs(inputs: Any) -> tuple[list[InferenceInput], bool]:
    """Return the videos that a user means, and whether it is one video and not a list of one.

    * A path of a file or of a folder of frames, an array (T, H, W, 3), a list or iterator of
      frames (H, W, 3) and a camera (its number, ``'camera:0'`` or a
      :class:`~s2d_plugins.video.Camera`) are one video.
    * A path of a folder of videos, a pattern such as ``videos/*.mp4``, and a list, tuple or
      iterator of any of these are several.

    Raises:
        S2DInputError: If it is none of these, or there is no video.
    """
    sources, alone = _sources(inputs)
    paths = [source if isinstance(source, Path) else Path(source.name)
             if isinstance(source, Camera | SpooledVideo) else source.path for source in sources]
    return [InferenceInput(name, source)
            for name, source in zip(video_names(paths), sources, strict=True)], alone


def _sources(inputs: Any) -> tuple[list[Path | Video | Camera], bool]:
    if isinstance(inputs, Iterator):
        inputs = _of_iterator(inputs)
    if not isinstance(inputs, list | tuple) or _holds_frames(inputs):
        paths = _several(inputs)
        if paths is None:
            return [_one(inputs, 'inputs')], True
        return [*paths], paths == [named_path(Path(inputs))]
    items = items_of('S2DInferencer', 'inputs', inputs)
    found: list[Path | Video | Camera] = []
    for number, (name, item) in enumerate(items.items(), 1):
        found += _several(item, lenient=True) or [_one(item, name, f'video_{number}')]
    return found, False


def _several(value: Any, lenient: bool = False) -> list[Path] | None:
    """Return the videos of a folder or pattern; None for anything else."""
    if not isinstance(value, str | PurePath):
        return None
    if os.path.isdir(value):
        try:
            return list_videos(Path(value))
        except S2DInputError:
            if not lenient:
                raise
            return None  # one of several: opening it says what is wrong
    if not glob.has_magic(str(value)) or os.path.lexists(value):
        return None
    paths = sorted((Path(path) for path in glob.glob(str(value), recursive=True)),
                   key=natural_key)
    if not paths:
        raise S2DInputError(f'nothing matches {value}; correct the pattern, and quote it in a '
                            'shell')
    return paths


def _of_iterator(values: Iterator) -> Any:
    """Make one video of an iterator of frames, a list of any other."""
    first = next(values, None)
    if first is None:
        raise refuse('S2DInferencer', 'inputs', 'an iterator that gives nothing', EXPECTED)
    values = itertools.chain([first], values)
    if isinstance(first, np.ndarray) and first.ndim <= 3:
        return SpooledVideo(values)
    return list(values)


def _one(value: Any, argument: str, name: str = 'video') -> Path | Video | Camera:
    if isinstance(value, str) and value.startswith(_CAMERA) and not os.path.lexists(value):
        number = value.removeprefix(_CAMERA)
        if not number.isdecimal():
            raise refuse('Camera', 'index', number, 'an integer of at least 0')
        return Camera(int(number))
    if isinstance(value, int) and not isinstance(value, bool):
        return Camera(value)
    if isinstance(value, str | PurePath) and str(value):
        return Path(value)
    if isinstance(value, Video | Camera):
        return value
    if isinstance(value, Iterator):
        value = _of_iterator(value)
        if isinstance(value, Video):
            return value
    if isinstance(value, np.ndarray) or _holds_frames(value):
        return ArrayVideo(value, name)
    raise refuse('S2DInferencer', argument, value, EXPECTED)


def _holds_frames(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(
        isinstance(item, np.ndarray) and item.ndim <= 3 for item in value)
