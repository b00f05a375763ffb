"""Video files that are complete or not there, which browsers and phones play."""

import contextlib
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ..arguments import refuse
from ..errors import S2DInputError, S2DOutputError
from ..fileio.whole_files import whole_file

#: H.264 encoders: by the CPU, which is always there, and those of graphics cards.
ENCODERS = {
    'libx264': dict(preset='veryfast', crf='20'),
    'h264_nvenc': dict(preset='p4', cq='22'),
    'h264_qsv': dict(global_quality='22'),
    'h264_amf': dict(rc='cqp', qp_i='22', qp_p='22'),
    'h264_videotoolbox': dict(q='60'),
}
#: Parts of a frame's time that time stamps are rounded to.
_TICKS = 100
_BT709 = 1


class VideoWriter:
    """Write frames to a .mp4 (H.264, yuv420p, index in front); use as a context manager.

    The file appears under its name only when it was closed without an error and reads back with
    the number of frames written.

    Args:
        path: Target file; its folder is made.
        size: (height, width) of the frames, both even.
        fps: Frames per second; on average where frames come with times.
        encoder: One of :data:`ENCODERS`; those of graphics cards need one.

    Attributes:
        end: Seconds from the start at which the last frame ends; None for as long as the others.

    Raises:
        S2DInputError: If the encoder is not known, or cannot be used here.
        S2DOutputError: If the file cannot be opened, or is not complete in the end.
    """

    def __init__(self, path: str | Path, size: tuple[int, int], fps: float,
                 encoder: str = 'libx264'):
        check_encoder(encoder)
        self.path = Path(path)
        self.size = size
        self.fps = fps
        self._encoder = encoder
        self.end: float | None = None
        self._written = 0
        self._last = -1

    def __enter__(self) -> 'VideoWriter':
        with contextlib.ExitStack() as stack:
            self._temporary = stack.enter_context(whole_file(self.path, '.mp4'))
            with self._telling():
                # absolute, for FFmpeg reads no protocol into such a name
                self._container = av.open(os.path.abspath(self._temporary), 'w', format='mp4',
                                          container_options=dict(movflags='+faststart'))
            stack.callback(self._abandon)
            self._stream = self._open_stream()
            self._stack = stack.pop_all()
        return self

    def _open_stream(self) -> av.VideoStream:
        height, width = self.size
        rate = Fraction(self.fps).limit_denominator(1001)
        try:
            stream = self._container.add_stream(self._encoder, rate=rate,
                                                options=ENCODERS[self._encoder])
            stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
            context = stream.codec_context
            context.time_base = 1 / (rate * _TICKS)
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            context.color_range = 1  # 16 to 235
            context.max_b_frames = 0  # or the last frame's duration would be another's
            context.open()
        except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
            raise S2DOutputError(
                f'cannot write {self.path}: {self._encoder} cannot encode {width}x{height} video '
                f'here ({_reason(error)}); take another size or encoder, as libx264') from error
        return stream

    def write(self, frame: np.ndarray, time: float | None = None) -> None:
        """Append one frame.

        Args:
            frame: (H, W, 3) uint8 RGB of the size given.
            time: Seconds from the start at which it is shown; by default 1 / ``fps`` after the
                frame before. Equal or falling times are moved on by a tick.

        Raises:
            S2DInputError: If the frame is of another size.
            S2DOutputError: If the disk is full.
        """
        if frame.shape[:2] != tuple(self.size):
            raise S2DInputError(f'{self.path}: frame {self._written} is of size '
                                f'{frame.shape[:2]}, expected {tuple(self.size)}')
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), 'rgb24').reformat(
            format='yuv420p', dst_colorspace='ITU709', threads=1)
        picture.time_base = self._stream.codec_context.time_base
        tick = self._last + _TICKS if time is None else round(time / picture.time_base)
        if not self._written:
            tick = 0 if time is None else tick
        picture.pts = self._last = max(tick, self._last + 1)
        with self._telling():
            self._mux(self._stream.encode(picture))
        self._written += 1

    def _mux(self, packets: Iterable[av.Packet]) -> None:
        for packet in packets:
            if packet.pts == self._last:
                packet.duration = _TICKS if self.end is None else max(
                    1, round(self.end / packet.time_base) - self._last)
            self._container.mux(packet)

    def __exit__(self, kind, error, traceback) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, traceback)
            return
        with self._stack:
            with self._telling():
                self._mux(self._stream.encode(None))
                self._container.close()
            self._check()

    def _abandon(self) -> None:
        """Close the file, whatever can still be written of it."""
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()

    def _check(self) -> None:
        found = 0
        with contextlib.suppress(av.FFmpegError, OSError), \
                av.open(os.path.abspath(self._temporary)) as container:
            found = sum(1 for packet in container.demux(video=0)
                        if packet.size and not packet.is_corrupt)
        if found != self._written:
            raise self._error(f'{found} of {self._written} frames arrived')

    @contextlib.contextmanager
    def _telling(self):
        """Tell in one line what FFmpeg could not do."""
        try:
            yield
        except av.FFmpegError as error:
            raise self._error(_reason(error)) from error

    def _error(self, reason: str) -> S2DOutputError:
        return S2DOutputError(f'cannot write {self.path}: {reason}; free space or choose another '
                              'output folder')


def check_encoder(name: str) -> None:
    """Check that an encoder is known and in this FFmpeg.

    Raises:
        S2DInputError: If it is not.
    """
    expected = f'one of {", ".join(ENCODERS)}'
    if not isinstance(name, str) or name not in ENCODERS:
        raise refuse('VideoWriter', 'encoder', name, expected)
    try:
        av.codec.Codec(name, 'w')
    except ValueError as error:  # PyAV's UnknownCodecError
        raise S2DInputError(f'the FFmpeg of PyAV {av.__version__} has no encoder {name}; take '
                            'libx264') from error


def _reason(error: Exception) -> str:
    return getattr(error, 'strerror', None) or str(error)
