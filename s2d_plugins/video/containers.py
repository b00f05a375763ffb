"""Kinds of video files: which are read, and do they hold all the bytes that they announce?

Frame counts in containers are often wrong in complete files; sizes of the outermost boxes are
not, and they tell a cut-off download from a file that is as long as it should be.
"""

import os
from pathlib import Path
from typing import BinaryIO

from ..fileio.plain_files import open_file

#: FFmpeg's names of the formats that are read. Not among them are playlists and patterns of file
#: names (hls, dash, concat, sdp, image2, ...), which would make it read other files.
FORMATS = ('mov', 'avi', 'matroska', 'mpeg', 'mpegts', 'mpegvideo', 'm4v', 'h264', 'hevc', 'vc1',
           'flv', 'live_flv', 'ogg', 'asf', 'mxf', 'nut', 'ivf', 'gif', 'wtv', 'dv')
EBML_MAGIC = b'\x1a\x45\xdf\xa3'
MATROSKA_SEGMENT = b'\x18\x53\x80\x67'
MP4_BOXES = {b'ftyp', b'moov', b'mdat', b'wide', b'free', b'skip', b'pnot', b'moof', b'styp'}


def missing_bytes(path: Path) -> int:
    """Return how many bytes a MP4/MOV, AVI or Matroska/WebM file ends too early.

    0 for a complete file, for other containers and for files that do not state their size
    (recorded live).
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        file.seek(0)
        if head[4:8] in MP4_BOXES:
            end = _end_of_mp4(file, size)
        elif head[:4] == b'RIFF' and head[8:12] == b'AVI ':
            length = int.from_bytes(head[4:8], 'little')
            end = 0 if length == 2**32 - 1 else length + 8
        elif head[:4] == EBML_MAGIC:
            end = _end_of_matroska(file)
        else:
            end = 0
    return max(0, end - size)


def _end_of_mp4(file: BinaryIO, size: int) -> int:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4], 'big'), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], 'big')
        if length < 8:  # 0 means: up to the end of the file
            return size
        position += length
        if position > size and kind not in (b'mdat', b'moov', b'moof'):
            return size
    return position


def _end_of_matroska(file: BinaryIO) -> int:
    file.seek(len(EBML_MAGIC))
    length = _read_ebml_size(file)
    if length is None:
        return 0
    file.seek(length, 1)
    if file.read(4) != MATROSKA_SEGMENT:
        return 0
    length = _read_ebml_size(file)
    return 0 if length is None else file.tell() + length


def _read_ebml_size(file: BinaryIO) -> int | None:
    """Read a variable-length size; None if it is the code for 'unknown'."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    extra = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (0x7f >> extra)]) + file.read(extra), 'big')
    return None if value == 2**(7 * (extra + 1)) - 1 else value
