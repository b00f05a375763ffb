"""Files that are no videos, or name others, or end too early."""

import random
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from .base import Case, mutator, write_bytes
from .files import rename_weirdly

_PLAYLISTS = [
    b'#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n',
    b'#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:a.mp4|b.mp4\n#EXT-X-ENDLIST\n',
    b'ffconcat version 1.0\nfile /etc/passwd\n', b'ffconcat version 1.0\nfile a.mp4\n',
    b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    b'[playlist]\nFile1=a.mp4\nNumberOfEntries=1\n', b'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 '
    b'127.0.0.1\nm=video 1 RTP/AVP 96\n']


@mutator('video')
def playlist(case: Case, path: Path, rng: random.Random) -> str | None:
    text = rng.choice(_PLAYLISTS)
    path.write_bytes(text)
    return text[:30].decode()


@mutator('video')
def weird_name(case: Case, path: Path, rng: random.Random) -> str | None:
    return rename_weirdly(case, path, rng)


@mutator('video')
def another_suffix(case: Case, path: Path, rng: random.Random) -> str | None:
    suffix = rng.choice(['.avi', '.mkv', '.jpg', '', '.MP4', '.webm', '.txt', '.json', '.gif'])
    case.rename(path, path.stem + suffix)
    return suffix


@mutator('video')
def damaged_stream(case: Case, path: Path, rng: random.Random) -> str | None:
    """Zeros over a stretch, as a bad sector leaves."""
    data = bytearray(path.read_bytes())
    start = rng.randrange(len(data))
    length = rng.choice([16, 200, 1000])
    data[start:start + length] = bytes(len(data[start:start + length]))
    path.write_bytes(data)
    return f'{length} bytes from {start}'


@mutator('video')
def boxes_lie(case: Case, path: Path, rng: random.Random) -> str | None:
    """A field of the container's tables becomes huge or zero."""
    data = bytearray(path.read_bytes())
    tables = [name for name in (b'stsz', b'stco', b'stsc', b'stts', b'mdhd', b'mvhd', b'tkhd',
                                b'stsd', b'moov', b'mdat', b'trak') if name in data]
    if not tables:
        return None
    name = rng.choice(tables)
    start = data.find(name) + rng.choice([-4, 4, 8, 12, 16, 20])
    data[start:start + 4] = rng.choice([b'\xff\xff\xff\xff', b'\0\0\0\0', b'\x7f\xff\xff\xff',
                                        b'\0\1\0\0'])
    path.write_bytes(data)
    return name.decode()


@mutator('video')
def other_content(case: Case, path: Path, rng: random.Random) -> str | None:
    return write_bytes(path, rng.choice([
        b'GIF89a' + bytes(50), b'%PDF-1.4\n', b'RIFF\xff\xff\xff\xffAVI LIST',
        b'\x1a\x45\xdf\xa3' + b'\xff' * 40, b'\0\0\0\x18ftypmp42' + bytes(16),
        b'FLV\1\5' + bytes(9), b'RIFF\x24\0\0\0WAVEfmt \x10\0\0\0' + bytes(24),
        _video(1, (1, 1)), _video(1, (48, 64)), _video(2, (4000, 6000)), _video(400, (16, 16))]))


@cache
def _video(length: int, size: tuple[int, int]) -> bytes:
    """Encode black frames in a process of its own, since OpenCV may start threads for it."""
    code = ('import cv2, numpy, sys; length, h, w = map(int, sys.argv[2:]);'
            'out = cv2.VideoWriter(sys.argv[1], cv2.VideoWriter_fourcc(*"mp4v"), 10, (w, h));'
            '[out.write(numpy.zeros((h, w, 3), numpy.uint8)) for _ in range(length)];'
            'out.release()')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'x.mp4'
        subprocess.run([sys.executable, '-c', code, str(path), str(length), *map(str, size)],
                       check=True, capture_output=True)
        return path.read_bytes() if path.exists() else b''
