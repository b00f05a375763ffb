"""Opening a video file with OpenCV's FFmpeg: that file alone, and without its notes."""

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2

from ..errors import S2DInputError
from ..fileio.images import MAX_PIXELS
from ..fileio.plain_files import check_is_file, is_text
from .containers import FORMATS, missing_bytes

# FFmpeg inside OpenCV reads this when the first file is opened: its notes on damaged streams
# would bury the one line that says what to do.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')

_OPTIONS = 'OPENCV_FFMPEG_CAPTURE_OPTIONS'
_LIMITS = f'format_whitelist;{",".join(FORMATS)}|protocol_whitelist;file'
_lock = threading.Lock()


def open_capture(path: Path) -> cv2.VideoCapture:
    """Open a video file.

    Raises:
        S2DInputError: If it is no file, is empty, is text, is of another format than
            :data:`~.containers.FORMATS`, or its frames are too large to hold.
    """
    check_is_file(path)
    if os.path.getsize(path) == 0:
        raise S2DInputError(f'video {path} is empty (0 bytes); copy or download it again')
    if is_text(path):
        raise S2DInputError(f'expected a video, but {path} is a text; playlists are not followed: '
                            'give the video file itself')
    with _careful_opencv(), _name_for_opencv(path) as name:
        capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise undecodable(path)
    width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH,
                                                       cv2.CAP_PROP_FRAME_HEIGHT))
    if width * height > MAX_PIXELS:
        raise S2DInputError(f'{path} has frames of {width}x{height}, expected at most {MAX_PIXELS} '
                            'pixels; make it smaller')
    return capture


def undecodable(path: Path) -> S2DInputError:
    """Return the one line for a file of which no frame decodes."""
    missing = missing_bytes(path)
    if missing:
        return S2DInputError(f'{path} is truncated: it ends {missing} bytes early and no frame '
                             'decodes; copy or download it again')
    return S2DInputError(f'expected a video, but {path} cannot be decoded; it is damaged or of an '
                         'unknown format: copy it again or convert it to H.264 in mp4')


@contextlib.contextmanager
def _name_for_opencv(path: Path) -> Iterator[str]:
    """Yield an absolute path, which no protocol of FFmpeg is read into, in UTF-8."""
    absolute = os.path.abspath(path)
    try:
        absolute.encode()
    except UnicodeEncodeError:  # OpenCV crashes on it
        with tempfile.TemporaryDirectory() as folder:
            link = os.path.join(folder, 'video')
            os.symlink(absolute, link)
            yield link
    else:
        yield absolute


@contextlib.contextmanager
def _careful_opencv() -> Iterator[None]:
    """Let FFmpeg open :data:`~.containers.FORMATS` in plain files only, and OpenCV be silent."""
    with _lock:
        level, options = cv2.getLogLevel(), os.environ.get(_OPTIONS)
        cv2.setLogLevel(0)
        os.environ[_OPTIONS] = f'{options}|{_LIMITS}' if options else _LIMITS
        try:
            yield
        finally:
            cv2.setLogLevel(level)
            if options is None:
                del os.environ[_OPTIONS]
            else:
                os.environ[_OPTIONS] = options
