"""A video file of 48 frames."""

import pytest
from video_files import made_frame, write_video


@pytest.fixture
def avi(tmp_path):
    return write_video(tmp_path / 'clip.avi', map(made_frame, range(48)))
