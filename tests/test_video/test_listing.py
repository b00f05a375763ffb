"""From what the user names to videos, and what these are called."""

import errno
import os
from pathlib import Path

import pytest
from video_files import refused, write_folder

from s2d_plugins.video import list_videos, open_video, video_names


def test_what_a_path_stands_for(tmp_path, avi):
    assert list_videos(avi) == [avi]
    frames = write_folder(tmp_path / 'v10', ['0.png'])
    assert list_videos(frames) == [frames]
    other = write_folder(tmp_path / 'v9', ['0.png'])
    (tmp_path / '.hidden.mp4').write_bytes(b'x')
    (tmp_path / 'notes.txt').write_text('no video')
    (tmp_path / 'empty').mkdir()
    assert list_videos(str(tmp_path)) == [avi, other, frames]
    (tmp_path / '0.png').write_bytes(b'x')
    refused(lambda: list_videos(tmp_path), 'holds 1 images and 1 video files')


def test_what_holds_no_video(tmp_path):
    refused(lambda: list_videos(tmp_path), 'found no video in')
    refused(lambda: list_videos(tmp_path / 'none'), 'does not exist; give a video file, a folder')
    refused(lambda: list_videos('a' * 5000), 'aaa...: File name too long')
    refused(lambda: list_videos('a\0b'), 'embedded null')


def test_what_systems_put_beside_videos_is_passed_over(tmp_path):
    frames = write_folder(tmp_path / 'cat', ['0.png'])
    for name in ('.ipynb_checkpoints', '__MACOSX', '@eaDir', 'lost+found'):
        write_folder(tmp_path / name, ['0.png'])
    (tmp_path / '._b.mp4').write_bytes(b'x')
    (tmp_path / '.DS_Store').write_bytes(b'x')
    assert list_videos(tmp_path) == [frames]


def test_videos_that_cannot_be_read_are_listed_and_then_refused(tmp_path, monkeypatch):
    write_folder(tmp_path / 'cat', ['0.png'])
    locked = write_folder(tmp_path / 'locked', ['0.png'])
    (tmp_path / 'gone').symlink_to('nowhere')
    (tmp_path / 'loop.mp4').symlink_to('loop.mp4')
    os.mkfifo(tmp_path / 'pipe.mp4')
    listing = os.listdir

    def deny(path):
        if Path(path) == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listing(path)

    monkeypatch.setattr(os, 'listdir', deny)
    paths = list_videos(tmp_path)
    assert [path.name for path in paths] == ['cat', 'gone', 'locked', 'loop.mp4', 'pipe.mp4']
    assert video_names(paths) == ['cat', 'gone', 'locked', 'loop', 'pipe']
    for path, reason in zip(paths[1:], ('it is a dangling link', 'Permission denied',
                                        'Too many levels', 'it is a pipe'), strict=True):
        refused(lambda path=path: open_video(path), rf'cannot read .*{path.name}: {reason}')
    refused(lambda: list_videos(locked), 'cannot read .*locked: Permission denied')


def test_a_linked_folder_keeps_the_name_of_its_link(tmp_path, monkeypatch):
    frames = write_folder(tmp_path / 'elsewhere/frames', ['0.png'])
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos/cat').symlink_to(frames)
    assert list_videos(tmp_path / 'videos') == [tmp_path / 'videos/cat']
    assert video_names(list_videos(tmp_path / 'videos')) == ['cat']
    monkeypatch.chdir(frames)
    assert list_videos('.') == [frames] and video_names(list_videos('.')) == ['frames']


def test_names_are_unique(tmp_path):
    for name in ('a.mp4', 'a.avi', 'b.mp4', 'B.mp4', 'stages.mp4', 'c.mp4'):
        (tmp_path / name).write_bytes(b'x')
    (tmp_path / 'a').mkdir()
    paths = [tmp_path / name for name in ('a', 'a.avi', 'a.mp4', 'b.mp4', 'B.mp4', 'stages.mp4',
                                          'c.mp4')]
    assert video_names(paths) == ['a_frames', 'a_avi', 'a_mp4', 'b_mp4', 'B_mp4_2', 'stages_mp4',
                                  'c']


@pytest.mark.parametrize(('file', 'name'), [
    ('...mp4', 'video'), ('..mp4', 'video'), ('.hidden.mp4', 'hidden'),
    ('run.log.mp4', 'run.log_mp4'), ('Stages.mp4', 'Stages_mp4'),
    ('stage_scores.json.mp4', 'stage_scores.json_mp4'),
    ('a:b.mp4', 'a_b'), ('a\n\x1b[31mb.mp4', 'a__[31mb'), (os.fsdecode(b'\xff\xfe.mp4'), '__'),
    ('nul.mp4', '_nul'), ('x' * 250 + '.mp4', 'x' * 111 + '~'), ('漢字.mp4', '漢字')])
def test_names_that_can_be_folders(tmp_path, file, name):
    path = tmp_path / file
    path.write_bytes(b'x')
    found = video_names(list_videos(path))[0]
    assert found == name or (len(found) == 120 and found.startswith(name))


def test_names_made_safe_stay_apart(tmp_path):
    paths = [tmp_path / name for name in ('a:b.mp4', 'a?b.mp4', 'a_b.mkv')]
    for path in paths:
        path.write_bytes(b'x')
    assert video_names(paths) == ['a_b_mp4', 'a_b_mp4_2', 'a_b_mkv']
