import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.visualization import VideoWriter

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
