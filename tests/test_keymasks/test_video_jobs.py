"""What label files call videos and their frames."""

import cv2
import numpy as np
import pytest
from PIL import Image

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.stamps import changed_parts
from s2d_plugins.keymasks.video_jobs import frame_names, job_stamp, list_jobs
from s2d_plugins.labels.youtube_vis import make_video
from s2d_plugins.video import open_video


def write_frames(folder):
    folder.mkdir(parents=True)
    for index in range(2):
        Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(folder / f'{index}.png')
    return folder


def test_frames_of_a_linked_folder_are_below_the_videos(tmp_path, monkeypatch):
    frames, videos = write_frames(tmp_path / 'elsewhere/frames'), tmp_path / 'videos'
    videos.mkdir()
    (videos / 'cat').symlink_to(frames)
    job, = list_jobs(videos, tmp_path / 'proposals', tmp_path / 'out')
    assert (job.name, job.target) == ('cat', tmp_path / 'out/cat.json')
    names = frame_names(open_video(job.video, job.name))
    assert names == ['cat/0.png', 'cat/1.png']
    assert all((videos / name).is_file() for name in names)
    monkeypatch.chdir(frames)
    for path in ('.', '../frames', str(frames / '../frames')):
        assert frame_names(open_video(path)) == ['frames/0.png', 'frames/1.png']


def test_frames_of_a_video_file_are_named_as_they_are_extracted(tmp_path):
    path = tmp_path / 'a:b.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 20, (64, 48))
    for _ in range(2):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    job, = list_jobs(path, tmp_path, tmp_path)
    assert frame_names(open_video(path, job.name)) == ['a_b/00000.jpg', 'a_b/00001.jpg']


def test_a_folder_whose_frames_no_label_file_can_name(tmp_path):
    """Its outputs could have a safe name, but labels must name the frames as they are."""
    video = open_video(write_frames(tmp_path / 'c:'))
    with pytest.raises(S2DInputError, match="cannot name the frame 'c:/0.png'.* rename it"):
        make_video(1, video.name, video.size, frame_names(video))


def test_files_that_the_settings_name_count(tmp_path):
    write_frames(tmp_path / 'videos/cat')
    (tmp_path / 'raft.pth').write_text('weights')
    job, = list_jobs(tmp_path / 'videos', tmp_path / 'proposals', tmp_path / 'out')
    settings = dict(motion_prior=dict(type='MMFlowPrior', weights=str(tmp_path / 'raft.pth')))
    before = job_stamp(job, settings)
    (tmp_path / 'raft.pth').write_text('other weights')
    assert changed_parts(before, job_stamp(job, settings)) == ['files']
    assert 'files' not in job_stamp(job, {})
