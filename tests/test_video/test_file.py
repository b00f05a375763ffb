"""Video files: exact access, honest lengths, every way to be broken."""

import numpy as np
import pytest
from video_files import frame_number, made_frame, refused, write_video

from s2d_plugins.video import FileVideo, file, open_video

KINDS = [('clip.avi', 'MJPG'), ('clip.mp4', 'mp4v'), ('clip.mkv', 'mp4v'), ('clip.webm', 'VP80'),
         ('clip.mov', 'mp4v')]


@pytest.mark.parametrize(('name', 'codec'), KINDS)
def test_every_kind_of_file(tmp_path, name, codec):
    path = write_video(tmp_path / name, map(made_frame, range(40)), codec)
    video = open_video(path)
    assert isinstance(video, FileVideo)
    assert (video.name, video.path, video.size, video.fps) == ('clip', path, (48, 64), 20)
    assert len(video) == video.expected_length == 40
    frames = list(video)
    assert [frame_number(frame) for frame in frames] == list(range(40))
    assert all(frame.shape == (48, 64, 3) and frame.dtype == np.uint8 for frame in frames)
    for index in (39, 0, 20, -40, np.int64(7), 8):
        assert np.array_equal(video[index], frames[index])


def test_colours_are_rgb(tmp_path):
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 250
    path = write_video(tmp_path / 'red.avi', [red] * 3)
    assert open_video(path)[1].mean((0, 1)) == pytest.approx([250, 0, 0], abs=8)


@pytest.mark.parametrize(('name', 'codec'), [('clip.mp4', 'mp4v'), ('clip.webm', 'VP80')])
def test_random_access_is_sequential_access(tmp_path, monkeypatch, name, codec):
    rng = np.random.default_rng(0)
    path = write_video(tmp_path / name, rng.integers(0, 255, (200, 16, 16, 3), np.uint8), codec)
    monkeypatch.setattr(file, 'SHORT_JUMP', 5)
    video = open_video(path)
    frames = list(video)
    for index in rng.permutation(200)[:60]:
        assert np.array_equal(video[index], frames[index])


def test_seeking_that_lands_too_far_is_not_believed(avi, monkeypatch):
    monkeypatch.setattr(file, 'SHORT_JUMP', 2)
    video = open_video(avi)
    assert len(video) == 48
    monkeypatch.setattr(video, '_index_at', lambda time: None)  # as with doubled time stamps
    assert [frame_number(video[index]) for index in (40, 10, 47)] == [40, 10, 47]
    assert FileVideo._index_at(video, None) is None and FileVideo._index_at(video, 99) is None


def test_few_frames_are_held(avi, monkeypatch):
    monkeypatch.setattr('s2d_plugins.video.base.CACHE_BYTES', 4 * 48 * 64 * 3)
    video = open_video(avi)
    for index in range(48):
        video[index][:] = 0  # a caller's copy: the next reader must not see this
    assert list(video._cache) == [44, 45, 46, 47]
    assert frame_number(video[47]) == 47


def test_out_of_range_and_slices(avi):
    video = open_video(avi)
    for index in (48, -49):
        with pytest.raises(IndexError, match=f'frame {index} of 48'):
            video[index]
    with pytest.raises(TypeError):
        video[1:3]
    assert repr(video) == f"FileVideo('{avi}', size=(48, 64), fps=20)"


def test_a_length_is_counted_once(avi, monkeypatch):
    video = open_video(avi)
    list(video)  # a complete iteration counts
    monkeypatch.setattr(file, 'DecodingPass', None)
    assert len(video) == 48


def test_header_that_announces_too_much(avi, monkeypatch):
    said = []
    monkeypatch.setattr(file, 'print_log', lambda message, *_: said.append(message))
    video = open_video(avi)
    video._promised = 60
    assert len(video) == 48 == len(list(video)) == len(video)
    assert said == [f'{avi}: 48 frames decode, its header announces 60; going on with 48']


def test_damage_in_the_middle(tmp_path):
    path = write_video(tmp_path / 'clip.mp4', map(made_frame, range(40)), 'mp4v')
    content = bytearray(path.read_bytes())
    data = content.index(b'mdat')
    length = int.from_bytes(content[data - 4:data], 'big')
    content[data + length // 2:data + length * 3 // 4] = bytes(length * 3 // 4 - length // 2)
    path.write_bytes(content)
    refused(lambda: len(open_video(path)), r'is damaged: decoding stops after \d+ of 40 frames')


def test_size_that_changes(avi):
    video = open_video(avi)
    video.size = (10, 12)
    refused(lambda: video[3], 'frame 3 is 64x48, but the first is 12x10; split')


def test_a_name_that_a_terminal_would_act_on(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(file, 'print_log', lambda message, *_: said.append(message))
    video = open_video(write_video(tmp_path / 'a\x1b[2J\nb.avi', map(made_frame, range(48))))
    video._promised = 60
    assert len(video) == 48 and '/a?[2J?b.avi: 48 frames decode' in said[0]
    assert video.name == 'a_[2J_b'


def test_a_file_removed_while_it_is_read(avi):
    video = open_video(avi)
    avi.unlink()
    refused(lambda: list(video), r'cannot read .*clip\.avi: no such file')
    refused(lambda: len(video), r'cannot read .*clip\.avi: no such file')
