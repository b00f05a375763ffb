"""Two tracks with known masks on a folder of frames."""

import cv2
import numpy as np
import pytest

from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.outputs import VideoTracks
from s2d_plugins.video import open_video

SIZE, LENGTH = (40, 56), 4


@pytest.fixture
def masks():
    """(2, 4, 40, 56) bool: a square that moves right, and a bar over it that frame 2 lacks."""
    found = np.zeros((2, LENGTH, *SIZE), bool)
    for frame in range(LENGTH):
        found[0, frame, 8:24, 4 * frame:4 * frame + 16] = True
        if frame != 2:
            found[1, frame, 20:30, :50] = True
    return found


@pytest.fixture
def results(masks):
    return [dict(video_id=1, category_id=1, score=score, segmentations=[
        encode_mask(mask) if mask.any() else None for mask in track])
        for track, score in zip(masks, (0.9, 0.4), strict=True)]


@pytest.fixture
def video(tmp_path):
    folder = tmp_path / 'data' / 'cat'
    folder.mkdir(parents=True)
    for frame in range(LENGTH):
        cv2.imwrite(str(folder / f'f{frame}.png'), np.full((*SIZE, 3), 40 * frame, np.uint8))
    return open_video(folder)


@pytest.fixture
def tracks(video, results):
    return VideoTracks.of(video, results)
