"""Decoding a video file with PyAV: that file alone, frame by frame, upright and in RGB."""

import os
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from ..errors import S2DInputError
from ..fileio.images import MAX_PIXELS
from ..fileio.plain_files import check_is_file, is_text

#: FFmpeg's names of the formats that are read. Not among them are playlists and patterns of file
#: names (hls, dash, concat, sdp, image2, ...), which would make it read other files.
FORMATS = ('mov', 'avi', 'matroska', 'mpeg', 'mpegts', 'mpegvideo', 'm4v', 'h264', 'hevc', 'av1',
           'obu', 'vc1', 'flv', 'live_flv', 'ogg', 'asf', 'mxf', 'nut', 'ivf', 'gif', 'wtv', 'dv')
_LIMITS = dict(format_whitelist=','.join(FORMATS), protocol_whitelist='file')
#: More would only hold more frames: each thread decodes one of its own.
_MOST_THREADS = 8


class DecodingPass:
    """One way through a video file, from the first frame to the last that decodes.

    A packet that does not decode is passed over if no frame came before it (the recording began
    between two key frames) or none comes after it (a broken end). What FFmpeg itself repairs is
    taken as it is.

    Attributes:
        broken_end: Whether the pass has ended at packets that do not decode.
    """

    def __init__(self, path: Path):
        self._path = path
        self.broken_end = False

    def __iter__(self) -> Iterator[av.VideoFrame]:
        """Yield the frames.

        Raises:
            S2DInputError: If the file cannot be opened, or frames in its middle do not decode.
        """
        found = 0
        try:
            with open_container(self._path) as container:
                for frame in decode(container):
                    found += 1
                    yield frame
            return
        except av.FFmpegError:
            pass  # several threads tell too late where; one tells exactly
        number, failed = 0, False
        for frame in self._decode_in_one_thread():
            if frame is None:
                failed = number > 0
            elif failed:
                raise S2DInputError(
                    f'{self._path} is damaged: decoding stops after {number}{self._of()} frames, '
                    'more frames follow; copy or download it again, or save the readable part as '
                    'a video of its own')
            else:
                number += 1
                if number > found:
                    yield frame
        self.broken_end = failed

    def _of(self) -> str:
        with open_container(self._path) as container:
            promised = container.streams.video[0].frames
        return f' of {promised}' if promised else ''

    def _decode_in_one_thread(self) -> Iterator[av.VideoFrame | None]:
        """Yield frames, and None for a packet that does not decode."""
        with open_container(self._path, threads=1) as container:
            packets = container.demux(container.streams.video[0])
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        return
                    frames = packet.decode()
                except av.FFmpegError:
                    yield None
                else:
                    yield from frames


def decode(container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """Yield the frames from where a container stands; PyAV's error if one does not decode."""
    for packet in container.demux(container.streams.video[0]):
        yield from packet.decode()


def open_container(path: Path, threads: int | None = None) -> av.container.InputContainer:
    """Open a video file.

    Args:
        path: The file.
        threads: How many decode; by default as many as there are CPUs, up to 8.

    Raises:
        S2DInputError: If it is no file, is empty, is text, is of another format than
            :data:`FORMATS`, has no pictures, or its frames are too large to hold.
    """
    check_is_file(path)
    if os.path.getsize(path) == 0:
        raise S2DInputError(f'video {path} is empty (0 bytes); copy or download it again')
    if is_text(path):
        raise S2DInputError(f'expected a video, but {path} is a text; playlists are not followed: '
                            'give the video file itself')
    try:
        # no protocol of FFmpeg is read into an absolute path
        container = av.open(os.path.abspath(path), container_options=_LIMITS,
                            metadata_errors='replace')
    except (av.FFmpegError, OSError, ValueError) as error:
        raise undecodable(path) from error
    if not container.streams.video:
        container.close()
        raise S2DInputError(f'expected a video, but {path} has no pictures; give another file')
    context = container.streams.video[0].codec_context
    if context is None or context.width * context.height > MAX_PIXELS:
        container.close()
        if context is None:
            raise undecodable(path)
        raise S2DInputError(f'{path} has frames of {context.width}x{context.height}, expected at '
                            f'most {MAX_PIXELS} pixels; make it smaller')
    context.thread_type = 'AUTO'
    context.thread_count = threads or min(_MOST_THREADS, os.cpu_count() or 1)
    return container


def undecodable(path: Path) -> S2DInputError:
    """Return the one line for a file of which no frame decodes."""
    return S2DInputError(f'expected a video, but {path} cannot be decoded; it is cut off, damaged '
                         'or of an unknown format: copy or download it again, or convert it to '
                         'H.264 in mp4')


def to_rgb(frame: av.VideoFrame) -> np.ndarray:
    """Return a decoded frame as (H, W, 3) uint8 RGB, turned and mirrored as it is to be shown.

    More than 8 bits are rounded; what is transparent is laid over black. One thread converts, for
    starting others anew for each frame takes four times as long.
    """
    if any(component.is_alpha for component in frame.format.components) or (
            frame.format.name == 'pal8'):
        pixels = frame.to_ndarray(format='rgba', threads=1)
        opacity = pixels[..., 3:].astype(np.uint16)
        pixels = ((pixels[..., :3] * opacity + 127) // 255).astype(np.uint8)
    else:
        pixels = frame.to_ndarray(format='rgb24', threads=1)
    return _upright(pixels, _display_matrix(frame))


def _display_matrix(frame: av.VideoFrame) -> np.ndarray | None:
    """Return the upper left (2, 2) of the matrix that maps stored (x, y) rows to shown ones."""
    for data in frame.side_data:
        if data.type.name == 'DISPLAYMATRIX':
            return np.frombuffer(bytes(data), np.int32)[:9].reshape(3, 3)[:2, :2]
    return None


def _upright(pixels: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """Turn by the nearest quarter and mirror: row 0 of the matrix is where x goes, row 1 y."""
    if matrix is None or not matrix.any():
        return pixels
    (x_to_x, x_to_y), (y_to_x, y_to_y) = matrix.tolist()
    if abs(x_to_x) + abs(y_to_y) < abs(x_to_y) + abs(y_to_x):
        pixels, down, right = pixels.swapaxes(0, 1), x_to_y, y_to_x
    else:
        down, right = y_to_y, x_to_x
    return np.ascontiguousarray(pixels[::-1 if down < 0 else 1, ::-1 if right < 0 else 1])
