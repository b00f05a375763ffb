"""Video files: sequential decoding, exact random access, honest frame counts and times."""

import contextlib
import itertools
import logging
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from mmengine.logging import print_log

from ..errors import S2DInputError, printable
from .ahead import ReadAhead
from .base import Video
from .decoding import DecodingPass, decode, open_container, to_rgb, undecodable

DEFAULT_FPS = 24.0
SHORT_JUMP = 48
SEEK_MARGINS = (0, 16, 64, 256)
#: Frames decoded ahead, and the bytes that they may take.
AHEAD_FRAMES, AHEAD_BYTES = 16, 64 * 2**20
#: Reads one after the other after which a thread reads ahead.
_IN_A_ROW = 3


class FileVideo(Video):
    """A video file, decoded with PyAV.

    ``len`` is the number of frames that really decode; it is counted once, by the first
    complete iteration or else on first use. A frame is found again by its time stamp, so random
    access gives exactly the frame that sequential decoding gives. Frames are turned and mirrored
    as the file says. Reading in order is done ahead, in a thread.

    A broken end (packets that do not decode, with no frame after them) is left out and said.

    Raises:
        S2DInputError: If the file is missing, empty, not a video, truncated or damaged in its
            middle. A text is not taken for a video: playlists name other files.
    """

    def __init__(self, path: str | Path, name: str | None = None):
        path = Path(path)
        self._times: array | None = None
        self._last_duration = 0
        with open_container(path) as container:
            stream = container.streams.video[0]
            fps = float(stream.average_rate or stream.guessed_rate or 0)
            fps = fps if 0 < fps <= 1000 else DEFAULT_FPS
            self._time_base = stream.time_base
            self._promised = stream.frames
            self._estimate = stream.frames or round((_duration(container) or 0) * fps)
        first = next(iter(DecodingPass(path)), None)
        if first is None:
            raise undecodable(path)
        super().__init__(path, name, to_rgb(first).shape[:2], fps)
        self._depth = max(2, min(AHEAD_FRAMES, AHEAD_BYTES // (self.size[0] * self.size[1] * 3)))
        self._stretch: Iterator[np.ndarray] | None = None
        self._next = self._in_a_row = 0
        if _ends_early(path, fps):
            self._refuse_truncated()

    def __len__(self) -> int:
        if self._times is None:
            for _ in self._counted():
                pass
        return len(self._times)

    @property
    def expected_length(self) -> int:
        return self._estimate if self._times is None else len(self._times)

    @property
    def times(self) -> np.ndarray:
        if not len(self) or not self._ordered:
            return super().times
        ticks = np.array(self._times, np.int64)
        seconds = (ticks - ticks[0]) * float(self._time_base)
        last = self._last_duration * float(self._time_base)
        return np.append(seconds, seconds[-1] + (last if last > 0 else 1 / self.fps))

    def __iter__(self) -> Iterator[np.ndarray]:
        frames = ReadAhead(_rgb_frames(self._counted(), self.path, self.size), self._depth)
        try:
            yield from frames
        finally:
            frames.close()

    def _counted(self) -> Iterator[av.VideoFrame]:
        """Yield all frames, and note what a complete pass finds."""
        frames, times, last = DecodingPass(self.path), array('q'), 0
        complete = True
        for frame in frames:
            stamp = frame.pts if frame.pts is not None else frame.dts
            complete = complete and stamp is not None
            times.append(0 if stamp is None else stamp)
            last = getattr(frame, 'duration', 0) or 0
            yield frame
        if self._times is not None:
            return
        self._say_what_is_missing(len(times), frames.broken_end)
        self._ordered = complete and all(a < b for a, b in itertools.pairwise(times))
        self._times, self._last_duration = times, last

    def _read(self, index: int) -> np.ndarray:
        if self._stretch is None or not self._next <= index <= self._next + SHORT_JUMP:
            self._go_to(index)
        elif self._in_a_row == _IN_A_ROW:
            self._stretch = ReadAhead(self._stretch, self._depth)
        self._in_a_row += 1
        frame = None
        with contextlib.suppress(av.FFmpegError):
            frame = next(itertools.islice(self._stretch, index - self._next, None), None)
        if frame is None:
            self._stretch = None
            raise S2DInputError(f'{self.path}: frame {index} of {len(self)} does not decode '
                                'any more; did the file change while it was read?')
        self._next = index + 1
        return frame

    def _go_to(self, index: int) -> None:
        """Let ``self._stretch`` begin at ``index``; frames before it are only decoded."""
        close = getattr(self._stretch, 'close', None)
        if close is not None:
            close()
        self._in_a_row = 0
        found = self._seek(index) if index > SHORT_JUMP else None
        start, frames = found or (0, iter(DecodingPass(self.path)))
        self._stretch = _rgb_frames(itertools.islice(frames, index - start, None), self.path,
                                    self.size, index)
        self._next = index

    def _seek(self, index: int) -> tuple[int, Iterator[av.VideoFrame]] | None:
        """Return where a stretch of frames begins, at or before ``index``, and the stretch."""
        container = open_container(self.path)
        for margin in SEEK_MARGINS:
            if index - margin <= SHORT_JUMP or not self._ordered:
                break
            try:
                container.seek(self._times[index - margin], stream=container.streams.video[0])
                frames = decode(container)
                first = next(frames, None)
            except av.FFmpegError:
                continue
            found = None if first is None else self._index_at(first.pts)
            if found is not None and found <= index:
                return found, itertools.chain([first], frames)
        container.close()
        return None

    def _index_at(self, time: int | None) -> int | None:
        """Return the number of the frame with this time stamp, if there is one."""
        if time is None:
            return None
        index = bisect_left(self._times, time)
        return index if index < len(self._times) and self._times[index] == time else None

    def _say_what_is_missing(self, found: int, broken_end: bool) -> None:
        promised = self._promised
        if found < promised - _tolerance(promised):
            if broken_end:
                raise S2DInputError(
                    f'{self.path} is damaged: decoding stops after {found} of {promised} frames; '
                    'copy or download it again, or save the readable part as a video of its own')
            self._warn(f'{found} frames decode, its header announces {promised}', found)
        elif broken_end:
            self._warn(f'its end is broken, {found} frames decode', found)

    def _warn(self, text: str, found: int) -> None:
        print_log(printable(f'{self.path}: {text}; going on with {found}'), 'current',
                  logging.WARNING)

    def _refuse_truncated(self) -> None:
        found = sum(1 for _ in DecodingPass(self.path))
        raise S2DInputError(
            f'{self.path} is truncated: {found} of {self._estimate} frames decode; copy or '
            'download it again, or save the readable part as a video of its own')


def _rgb_frames(frames: Iterator[av.VideoFrame], path: Path, size: tuple[int, int],
                start: int = 0) -> Iterator[np.ndarray]:
    for index, frame in enumerate(frames, start):
        pixels = to_rgb(frame)
        if pixels.shape[:2] != size:
            raise S2DInputError(
                f'{path}: frame {index} is {pixels.shape[1]}x{pixels.shape[0]}, but the first is '
                f'{size[1]}x{size[0]}; split the video where its size changes')
        yield pixels


def _duration(container: av.container.InputContainer) -> float | None:
    """Return the seconds that a file's header announces."""
    stream = container.streams.video[0]
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _ends_early(path: Path, fps: float) -> bool:
    """Say whether a file ends clearly before the time that its header announces."""
    with open_container(path) as container:
        stream, duration = container.streams.video[0], _duration(container)
        if not duration:
            return False
        # a header that speaks of the whole file means its longest stream
        streams = [stream] if stream.duration else [
            one for one in container.streams if one.type in ('video', 'audio')]
        start = float((stream.start_time or 0) * stream.time_base)
        end = 0.
        with contextlib.suppress(av.FFmpegError):
            container.seek(int((start + duration) / stream.time_base), stream=stream)
        with contextlib.suppress(av.FFmpegError):
            for packet in container.demux(*streams):
                if packet.size and not packet.is_corrupt:
                    ticks = (packet.pts or packet.dts or 0) + (packet.duration or 0)
                    end = max(end, float(ticks * packet.time_base))
        return end < start + duration - _tolerance(duration * fps) / fps


def _tolerance(frames: float) -> float:
    """How many frames may lack where a header announces so many: headers are not exact."""
    return max(2, frames / 100)
