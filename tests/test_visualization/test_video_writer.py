from fractions import Fraction

import av
import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.video import open_video
from s2d_plugins.visualization import VideoWriter, video_writer

FRAME = np.zeros((16, 16, 3), np.uint8)


def test_nothing_is_left_when_it_fails_half_way(tmp_path):
    with pytest.raises(KeyError), VideoWriter(tmp_path / 'a.mp4', (16, 16), 5) as writer:
        writer.write(FRAME)
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_file_stays_when_the_new_one_fails(tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_text('before')
    with pytest.raises(ValueError, match='frame 1 is of size .8, 8., expected .16, 16.'), \
            VideoWriter(path, (16, 16), 5) as writer:
        writer.write(FRAME)
        writer.write(FRAME[:8, :8])
    assert path.read_text() == 'before'


def test_lost_frames_are_an_error(tmp_path):
    with pytest.raises(S2DInputError, match='a.mp4: 1 of 2 frames arrived; free space'), \
            VideoWriter(tmp_path / 'a.mp4', (16, 16), 5) as writer:
        writer.write(FRAME)
        writer._written += 1
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(S2DInputError, match='cannot write .*a.mp4'), \
            VideoWriter(tmp_path / 'file' / 'a.mp4', (16, 16), 5):
        pass


def test_unencodable_size(tmp_path):
    with pytest.raises(S2DInputError, match='cannot encode 0x0'), \
            VideoWriter(tmp_path / 'a.mp4', (0, 0), 5):
        pass


def test_no_name_that_can_be_guessed_is_written_to(tmp_path):
    """A link planted where the temporary file once was is not followed."""
    (tmp_path / 'precious').write_text('before')
    (tmp_path / '.a.partial.mp4').symlink_to(tmp_path / 'precious')
    with VideoWriter(tmp_path / 'a.mp4', (16, 16), 5) as writer:
        assert len([path for path in tmp_path.iterdir() if path.name.startswith('.s2d-')]) == 1
        writer.write(FRAME)
    assert (tmp_path / 'precious').read_text() == 'before'
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        '.a.partial.mp4', 'a.mp4', 'precious']


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path):
    """The file may not grow beyond 4 kB."""
    import resource
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    frames = np.random.default_rng(0).integers(0, 255, (30, 64, 64, 3), np.uint8)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(S2DInputError, match='cannot write .*a.mp4: File too large; free'), \
                VideoWriter(tmp_path / 'a.mp4', (64, 64), 5) as writer:
            for frame in frames:
                writer.write(frame)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_what_browsers_play(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', (16, 16), 30000 / 1001) as writer:
        for _ in range(3):
            writer.write(np.full((16, 16, 3), (200, 30, 60), np.uint8))
    content = (tmp_path / 'a.mp4').read_bytes()
    assert content.index(b'moov') < content.index(b'mdat')
    with av.open(str(tmp_path / 'a.mp4')) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ('h264', 'yuv420p')
        assert stream.average_rate == Fraction(30000, 1001)
    np.testing.assert_allclose(open_video(tmp_path / 'a.mp4')[1][8, 8], (200, 30, 60), atol=4)


def test_encoders(tmp_path, monkeypatch):
    with pytest.raises(S2DInputError, match=r'VideoWriter: expected encoder to be one of libx264'):
        VideoWriter(tmp_path / 'a.mp4', (16, 16), 5, 'mpeg4')
    monkeypatch.setitem(video_writer.ENCODERS, 'none', {})
    with pytest.raises(S2DInputError, match='has no encoder none; take libx264'):
        VideoWriter(tmp_path / 'a.mp4', (16, 16), 5, 'none')
    assert list(tmp_path.iterdir()) == []


def test_times_that_stand_still_are_moved_on(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', (16, 16), 10) as writer:
        for time in (0, .5, .5, .2):
            writer.write(FRAME, time)
    np.testing.assert_allclose(open_video(tmp_path / 'a.mp4').times, [0, .5, .501, .502, .602])
