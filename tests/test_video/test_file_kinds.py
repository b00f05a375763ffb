"""What files may be like: turned, mirrored, 10-bit, AV1, transparent, of uneven pace, broken."""

import cv2
import numpy as np
import pytest
from video_files import encode_video, frame_number, made_frame, refused, write_video

from s2d_plugins.video import file, open_video
from s2d_plugins.video.decoding import _upright
from s2d_plugins.visualization import VideoWriter

COLOUR = (200, 100, 50)


@pytest.mark.parametrize('rotation', [90, 180, -90])
def test_turned_as_opencv_turns(tmp_path, rotation):
    path = encode_video(tmp_path / 'a.mp4', map(made_frame, range(3)), rotation=rotation)
    video = open_video(path)
    expected = cv2.VideoCapture(str(path)).read()[1][..., ::-1]
    assert video.size == ((48, 64) if rotation == 180 else (64, 48))
    np.testing.assert_allclose(video[0], expected, atol=2)


def test_mirrored():
    pixels = np.arange(6).reshape(2, 3)
    for matrix, expected in (([[1, 0], [0, 1]], [[0, 1, 2], [3, 4, 5]]),
                             ([[-1, 0], [0, 1]], [[2, 1, 0], [5, 4, 3]]),
                             ([[1, 0], [0, -1]], [[3, 4, 5], [0, 1, 2]]),
                             ([[0, 1], [1, 0]], [[0, 3], [1, 4], [2, 5]]),
                             ([[0, 0], [0, 0]], [[0, 1, 2], [3, 4, 5]])):
        assert _upright(pixels, np.array(matrix)).tolist() == expected


@pytest.mark.parametrize(('name', 'codec', 'pixels'), [
    ('a.mp4', 'libx264', 'yuv420p10le'), ('a.mkv', 'libsvtav1', 'yuv420p10le'),
    ('a.ts', 'libx264', 'yuv420p'), ('a.mkv', 'ffv1', 'gray16le')])
def test_deep_and_new_codecs(tmp_path, monkeypatch, name, codec, pixels):
    monkeypatch.setenv('SVT_LOG', '0')
    frame = np.full((64, 64, 3), (90, 90, 90), np.uint8)
    video = open_video(encode_video(tmp_path / name, [frame] * 5, codec, pixels))
    assert len(video) == len(list(video)) == 5 and video.fps == 20
    np.testing.assert_allclose(video[4], frame, atol=4)
    np.testing.assert_allclose(video.times, np.arange(6) / 20, atol=1e-3)


@pytest.mark.parametrize(('name', 'codec', 'pixels'), [
    ('a.mov', 'qtrle', 'argb'), ('a.mkv', 'ffv1', 'yuva420p'), ('a.mov', 'png', 'rgba64be')])
def test_what_is_transparent_is_black(tmp_path, name, codec, pixels):
    frame = np.full((64, 64, 4), (*COLOUR, 255), np.uint8)
    frame[:32, :, 3] = 0
    video = open_video(encode_video(tmp_path / name, [frame] * 3, codec, pixels))
    assert not video[1][:32].any()
    np.testing.assert_allclose(video[1][32:], frame[32:, :, :3], atol=3)


def test_uneven_pace(tmp_path):
    times = [0, .1, .15, .5, 1, 2.5]
    with VideoWriter(tmp_path / 'a.mp4', (48, 64), 2) as writer:
        for index in range(5):
            writer.write(made_frame(index), times[index])
        writer.end = times[-1]
    video = open_video(tmp_path / 'a.mp4')
    np.testing.assert_allclose(video.times, times, atol=0.003)
    assert [frame_number(frame) for frame in video] == list(range(5))
    assert open_video(write_video(tmp_path / 'b.avi', map(made_frame, range(4)))).times == (
        pytest.approx([0, .05, .1, .15, .2]))


@pytest.mark.parametrize(('name', 'codec'), [('a.avi', 'MJPG'), ('a.mkv', 'mp4v'),
                                             ('a.webm', 'VP80')])
def test_cut_off(tmp_path, name, codec):
    path = write_video(tmp_path / name, map(made_frame, range(40)), codec)
    content = path.read_bytes()
    path.write_bytes(content[:len(content) * 6 // 10])
    line = refused(lambda: open_video(path), r'is truncated: \d+ of 40 frames decode; copy or')
    assert str(path) in line and 'download it again' in line


def test_mp4_cut_off_with_its_index_in_front_or_behind(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), np.uint8)
    for movflags, match in (('faststart', r'is truncated: \d+ of 40 frames decode'),
                            ('use_metadata_tags', 'cannot be decoded; it is cut off')):
        with VideoWriter(tmp_path / 'a.mp4', (48, 64), 20) as writer:
            for frame in frames:
                writer.write(frame)
        path = tmp_path / 'a.mp4'
        if movflags != 'faststart':
            write_video(path, frames, 'mp4v')
        content = path.read_bytes()
        path.write_bytes(content[:len(content) * 6 // 10])
        refused(lambda path=path: open_video(path), match)


def test_a_broken_end_is_left_out_and_said(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(file, 'print_log', lambda message, *_: said.append(message))
    path = write_video(tmp_path / 'a.mp4', map(made_frame, range(40)), 'mp4v')
    content = bytearray(path.read_bytes())
    data = content.index(b'mdat')
    end = data - 4 + int.from_bytes(content[data - 4:data], 'big')
    last = content.rindex(b'\0\0\1\xb6', data, end)
    content[last:end] = bytes(end - last)
    path.write_bytes(content)
    video = open_video(path)
    assert len(video) == len(list(video)) == 39 and frame_number(video[38]) == 38
    assert said == [f'{path}: its end is broken, 39 frames decode; going on with 39']


def test_sound_alone_is_no_video(tmp_path):
    import av
    with av.open(str(tmp_path / 'a.mp4'), 'w') as container:
        stream = container.add_stream('aac', rate=8000, layout='mono')
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), 'fltp', 'mono')
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    refused(lambda: open_video(tmp_path / 'a.mp4'), r'a\.mp4 has no pictures')


def test_random_access_with_open_groups(tmp_path, monkeypatch):
    frames = np.random.default_rng(0).integers(0, 255, (90, 16, 16, 3), np.uint8)
    path = encode_video(tmp_path / 'a.mp4', frames, g='12', bf='3',
                        **{'x264-params': 'open-gop=1:scenecut=0'})
    monkeypatch.setattr(file, 'SHORT_JUMP', 3)
    video = open_video(path)
    expected = list(video)
    for index in (80, 17, 18, 19, 20, 21, 22, 50, 24, 25, 89, 0, 36):
        assert np.array_equal(video[index], expected[index])


def test_reading_in_order_by_index_is_done_ahead(tmp_path, monkeypatch):
    started = []

    class Noted(file.ReadAhead):
        def __init__(self, source, depth):
            started.append(depth)
            super().__init__(source, depth)

    monkeypatch.setattr(file, 'ReadAhead', Noted)
    video = open_video(write_video(tmp_path / 'a.avi', map(made_frame, range(40))))
    assert [frame_number(video[index]) for index in range(3)] == [0, 1, 2]
    assert len(started) == 0
    assert [frame_number(video[index]) for index in (3, 4, 9, 30, 39, 5)] == [3, 4, 9, 30, 39, 5]
    assert started == [file.AHEAD_FRAMES]
