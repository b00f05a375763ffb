"""Frames of a clip on disk: all of them or none."""

import errno
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from video_files import frame_number, refused

from s2d_plugins.video import extract_frames, open_video
from s2d_plugins.video.extract import working_size, write_frames


def test_working_size():
    assert working_size((1080, 1920), 480) == (480, 853)
    assert working_size((1920, 1080), 480) == (853, 480)
    assert working_size((100, 200), 480) == (100, 200)
    assert working_size((1, 4000), 480) == (1, 4000)


def test_extracted_frames(avi, tmp_path):
    video, calls = open_video(avi), []
    folder = tmp_path / 'out' / 'clip'
    names = extract_frames(video, 10, 14, folder, progress=lambda *call: calls.append(call))
    assert names == ['00000.jpg', '00001.jpg', '00002.jpg', '00003.jpg']
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    found = open_video(folder)
    assert found.size == (48, 64) and [frame_number(frame) for frame in found] == [10, 11, 12, 13]
    assert np.abs(found[2].astype(int) - video[12]).mean() < 2
    assert os.listdir(folder.parent) == ['clip']
    extract_frames(video, 0, 2, folder, max_short_side=24)  # replaces what was there
    found = open_video(folder)
    assert len(found) == 2 and found.size == (24, 32)


@pytest.mark.parametrize(('start', 'stop'), [(-1, 3), (3, 3), (5, 4), (0, 49)])
def test_frames_that_are_not_there(avi, tmp_path, start, stop):
    refused(lambda: extract_frames(open_video(avi), start, stop, tmp_path / 'out'),
            f'has 48 frames; frames {start} to {stop - 1} are not all in it')


def test_failed_extraction_leaves_the_old_frames(avi, tmp_path, monkeypatch):
    video, folder = open_video(avi), tmp_path / 'out' / 'clip'
    extract_frames(video, 0, 2, folder)
    write, budget = Path.write_bytes, itertools.count()

    def fill_disk(path, data):
        if next(budget) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, 'write_bytes', fill_disk)
    refused(lambda: extract_frames(video, 0, 9, folder),
            r'cannot write .*clip: No space left on device; free space')
    assert os.listdir(folder.parent) == ['clip'] and len(os.listdir(folder)) == 2


def test_folder_that_cannot_be_made(avi, tmp_path):
    (tmp_path / 'file').write_text('')
    refused(lambda: extract_frames(open_video(avi), 0, 1, tmp_path / 'file' / 'clip'),
            'cannot write .*clip: ')


def test_frames_too_long_for_jpeg(tmp_path):
    frame = np.zeros((2, 66000, 3), np.uint8)
    refused(lambda: write_frames([frame], tmp_path / 'out', 480), 'JPEG takes at most 65500 pixels')
    assert os.listdir(tmp_path) == []
