"""Files that end early are told from those that state no size."""

import pytest
from video_files import made_frame, refused, write_video

from s2d_plugins.video import open_video
from s2d_plugins.video.containers import missing_bytes

KINDS = [('clip.avi', 'MJPG'), ('clip.mp4', 'mp4v'), ('clip.mkv', 'mp4v'), ('clip.webm', 'VP80'),
         ('clip.mov', 'mp4v')]


@pytest.mark.parametrize(('name', 'codec'), KINDS)
def test_file_cut_off(tmp_path, name, codec):
    path = write_video(tmp_path / name, map(made_frame, range(40)), codec)
    assert missing_bytes(path) == 0
    content = path.read_bytes()
    path.write_bytes(content[:len(content) * 6 // 10])
    assert missing_bytes(path) == len(content) - len(content) * 6 // 10 or codec == 'mp4v'
    line = refused(lambda: open_video(path), r'is truncated: .* bytes early')
    assert str(path) in line and 'download it again' in line
    if name in ('clip.avi', 'clip.mkv', 'clip.webm'):
        assert ' of 40 frames decode' in line


def test_files_that_state_no_size(tmp_path, avi):
    content = bytearray(avi.read_bytes())
    content[4:8] = b'\xff' * 4  # recorded live
    avi.write_bytes(content[:len(content) // 2])
    assert missing_bytes(avi) == 0
    path = tmp_path / 'x.mp4'
    path.write_bytes(b'\0\0\0\x08ftyp' + b'\0\0\0\0mdat' + b'x' * 9)  # 0: up to the end
    assert missing_bytes(path) == 0
    path.write_bytes(b'\0\0\0\x08ftyp' + b'\0\0\0\x01mdat' + (40).to_bytes(8, 'big') + b'x' * 4)
    assert missing_bytes(path) == 20  # 64-bit sizes
    path.write_bytes(b'\0\0\0\x08ftyp' + b'\0\0\x01\0free' + b'x' * 4)
    assert missing_bytes(path) == 0  # nothing of value is lost
    path = tmp_path / 'x.mkv'
    head = b'\x1a\x45\xdf\xa3' + b'\x82ab'
    path.write_bytes(head + b'\x18\x53\x80\x67' + b'\xff' + b'x' * 5)
    assert missing_bytes(path) == 0  # all ones: unknown
    path.write_bytes(head + b'\x18\x53\x80\x67' + b'\x40\x20' + b'x' * 5)
    assert missing_bytes(path) == 27
    path.write_bytes(head + b'what')
    assert missing_bytes(path) == 0
