"""What is given as a video file but is none, or would make FFmpeg read another file."""

import os
import socket
import subprocess
import sys

import pytest
from video_files import made_frame, refused, write_folder, write_video

from s2d_plugins.video import FileVideo, FolderVideo, decoding, open_video

PLAYLISTS = {
    'hls': '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{0}\n#EXT-X-ENDLIST\n',
    'concat': "ffconcat version 1.0\nfile '{0}'\n",
    'dash': '<?xml version="1.0"?>\n<MPD profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
            '<Period><AdaptationSet mimeType="video/avi"><Representation id="1"><BaseURL>{0}'
            '</BaseURL></Representation></AdaptationSet></Period></MPD>\n',
    'sdp': 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n'
           'm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n'}


@pytest.mark.parametrize(('name', 'content', 'match'), [
    ('a.mp4', b'', r'a\.mp4 is empty \(0 bytes\)'),
    ('a.mp4', b'hello world\n' * 50, r'expected a video, but .*a\.mp4 is a text'),
    ('a.avi', bytes(range(256)) * 9, r'expected a video, but .*a\.avi cannot be decoded'),
    ('a.mp4', 'hello'.encode('utf-16'), r'expected a video, but .*a\.mp4 cannot be decoded')])
def test_what_is_no_video(tmp_path, capfd, name, content, match):
    (tmp_path / name).write_bytes(content)
    refused(lambda: open_video(tmp_path / name), match)
    assert capfd.readouterr().err == ''


def test_ffmpeg_says_nothing(avi):
    """In a fresh interpreter, as FFmpeg reads its log level once."""
    avi.write_bytes(avi.read_bytes()[:5000])
    code = ('import sys\nfrom s2d_plugins.video import open_video\n'
            'try: open_video(sys.argv[1])\nexcept ValueError as error: print(error)')
    result = subprocess.run([sys.executable, '-c', code, avi], capture_output=True, text=True,
                            check=True)
    assert result.stderr == '' and result.stdout.count('\n') == 1


def test_paths_that_are_no_file(tmp_path):
    refused(lambda: open_video(tmp_path / 'none.mp4'), r'none\.mp4: no such file or folder')
    refused(lambda: FileVideo(tmp_path), 'it is a folder, expected a file')
    refused(lambda: open_video(tmp_path / ('x' * 5000)), r'x\.\.\.: File name too long')
    refused(lambda: open_video('a\0b'), 'cannot read a.b: embedded null')
    folder = write_folder(tmp_path / 'frames', ['0.png'])
    refused(lambda: open_video(folder / '0.png'), r'0\.png is a single image; give')
    refused(lambda: FolderVideo(tmp_path / 'none'), r'folder .*none does not exist')


@pytest.mark.parametrize('kind', PLAYLISTS)
def test_playlists_are_not_followed(avi, tmp_path, monkeypatch, kind):
    path = tmp_path / f'{kind}.mp4'
    path.write_text(PLAYLISTS[kind].format(avi))
    refused(lambda: open_video(path), rf'{kind}\.mp4 is a text; playlists are not followed')
    monkeypatch.setattr(decoding, 'is_text', lambda path: False)  # a text that looks binary
    refused(lambda: open_video(path), 'cannot be decoded')


def test_concat_would_be_followed_without_the_limits(avi, tmp_path, monkeypatch):
    """What the tests above rely on: FFmpeg knows this playlist and would open the other file."""
    path = tmp_path / 'list.mp4'
    path.write_text("ffconcat version 1.0\nfile 'clip.avi'\n")
    monkeypatch.setattr(decoding, 'is_text', lambda path: False)
    monkeypatch.setattr(decoding, '_LIMITS', {})
    assert open_video(path).size == (48, 64)


def test_names_that_mean_something_to_ffmpeg(avi, tmp_path, monkeypatch):
    """Patterns of image files and protocols: the file of this very name is read."""
    monkeypatch.chdir(tmp_path)
    for name in ('%02d.avi', 'concat:a.avi', 'file:b.avi', 'a|b?c#d.avi', 'é 漢.avi'):
        avi.rename(name)
        avi = tmp_path / name
        assert open_video(name).size == (48, 64)
    write_folder(tmp_path, ['00.tiff', '01.tiff', '%02d.tiff'])
    refused(lambda: open_video('%02d.tiff'), 'cannot be decoded')


def test_a_name_that_is_not_utf_8(tmp_path, avi):
    path = tmp_path / os.fsdecode(b'caf\xe9.avi')
    avi.rename(path)
    video = open_video(path)
    assert len(video) == len(list(video)) == 48 and video.name == 'caf_'
    path.write_bytes(path.read_bytes()[:5000])
    assert 'caf?.avi cannot be' in refused(lambda: open_video(path), 'it is cut off')


def test_what_would_block_or_is_not_there(tmp_path):
    os.mkfifo(tmp_path / 'pipe.mp4')
    (tmp_path / 'dangling.mp4').symlink_to('nowhere')
    (tmp_path / 'loop.mp4').symlink_to('loop.mp4')
    (tmp_path / 'null.mp4').symlink_to('/dev/null')
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / 'socket.mp4'))
        for name, reason in (('pipe', 'it is a pipe'), ('dangling', 'it is a dangling link'),
                             ('loop', 'Too many levels'), ('null', 'it is a device'),
                             ('socket', 'it is a socket')):
            refused(lambda name=name: open_video(tmp_path / f'{name}.mp4'),
                    rf'{name}\.mp4: {reason}')


def test_a_file_without_permission(avi, monkeypatch):
    def deny(path, flags):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(os, 'open', deny)
    refused(lambda: open_video(avi), r'clip\.avi: Permission denied; check path and permissions')


def test_frames_too_large_to_hold(tmp_path, monkeypatch):
    path = write_video(tmp_path / 'x.avi', map(made_frame, range(3)))
    monkeypatch.setattr(decoding, 'MAX_PIXELS', 3000)
    refused(lambda: open_video(path), 'frames of 64x48, expected at most 3000 pixels')
