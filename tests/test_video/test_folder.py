"""Folders of frames: order, kinds of images, every way to be broken."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image
from video_files import frame_number, made_frame, refused, write_folder

from s2d_plugins.video import FolderVideo, open_video


def test_folder_is_read_in_natural_order(tmp_path):
    names = ['f1.jpg', 'f2.PNG', 'f10.bmp', 'f11.jpeg', 'f100.webp']
    folder = write_folder(tmp_path / 'v.1', names)
    (folder / '._f1.jpg').write_bytes(b'hidden')
    (folder / '.ipynb_checkpoints').mkdir()
    (folder / 'notes.txt').write_text('no frame')
    (folder / 'sub.jpg').mkdir()
    video = open_video(folder)
    assert isinstance(video, FolderVideo) and [path.name for path in video.files] == names
    assert (video.name, video.size, video.fps, len(video)) == ('v.1', (48, 64), 24, 5)
    assert [frame_number(frame) for frame in video] == list(range(5))
    assert frame_number(video[-1]) == 4
    assert open_video(str(folder), name='other').name == 'other'


def test_kinds_of_images(tmp_path):
    ramp = np.arange(6, dtype=np.uint16).reshape(2, 3) * 257
    Image.fromarray(ramp).save(tmp_path / '0.png')
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / '1.png')
    Image.fromarray(np.dstack([ramp.astype(np.uint8)] * 4)).save(tmp_path / '2.png')
    for frame in open_video(tmp_path):
        assert frame.shape == (2, 3, 3) and frame.dtype == np.uint8
        assert np.array_equal(frame[..., 1], np.arange(6).reshape(2, 3))


def test_frames_are_turned_as_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    Image.fromarray(made_frame(0)).save(tmp_path / '0.jpg', exif=exif)
    video = open_video(tmp_path)
    assert video.size == (64, 48) and video[0].shape == (64, 48, 3)


def test_frames_of_different_sizes(tmp_path):
    write_folder(tmp_path, ['0.png', '1.png'])
    Image.fromarray(made_frame(0, (40, 64))).save(tmp_path / '2.png')
    refused(lambda: open_video(tmp_path),
            r'one size, but .*2\.png is 64x40 and 0\.png is 64x48; resize')
    (tmp_path / '2.png').unlink()
    video = open_video(tmp_path)
    Image.fromarray(made_frame(0, (40, 64))).save(tmp_path / '1.png')
    refused(lambda: video[1], r'1\.png is 64x40')


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'bmp', 'webp'])
def test_frame_cut_off(tmp_path, suffix):
    write_folder(tmp_path, [f'{index}.{suffix}' for index in range(3)])
    path = tmp_path / f'1.{suffix}'
    path.write_bytes(path.read_bytes()[:path.stat().st_size * 2 // 3])
    line = refused(lambda: list(open_video(tmp_path)), rf'cannot read frame .*1\.{suffix}: ')
    assert line.endswith('; replace or remove it')
    path.write_bytes(b'')
    refused(lambda: open_video(tmp_path), 'it is empty')


def test_folder_without_a_video(tmp_path):
    refused(lambda: open_video(tmp_path), 'found no image in')


def test_frame_there_twice(tmp_path):
    write_folder(tmp_path, ['0.jpg', '0.png'])
    refused(lambda: open_video(tmp_path), r'holds one frame twice: 0\.jpg and 0\.png')


def test_a_frame_that_is_no_file(tmp_path):
    write_folder(tmp_path, ['0.png'])
    for make, reason in ((lambda path: path.symlink_to('nowhere'), 'it is a dangling link'),
                         (lambda path: os.mkfifo(path), 'it is a pipe')):
        make(tmp_path / '1.png')
        refused(lambda: open_video(tmp_path), rf'cannot read .*1\.png: {reason}')
        (tmp_path / '1.png').unlink()


def test_a_folder_removed_while_it_is_read(tmp_path):
    folder = write_folder(tmp_path / 'v', ['0.png', '1.png'])
    video = open_video(folder)
    shutil.rmtree(folder)
    refused(lambda: list(video), r'cannot read frame .*0\.png: no such file')


def test_a_folder_is_called_by_the_name_that_the_user_sees(tmp_path, monkeypatch):
    write_folder(tmp_path / 'elsewhere/frames', ['0.png'])
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos/cat').symlink_to('../elsewhere/frames')
    assert open_video(tmp_path / 'videos/cat').name == 'cat'
    monkeypatch.chdir(tmp_path / 'elsewhere/frames')
    (tmp_path / 'elsewhere/frames/sub').mkdir()
    assert [open_video(path).name for path in ('.', 'sub/..', '../frames/')] == ['frames'] * 3


def test_names_are_safe_for_outputs(tmp_path):
    for name, safe in (('a:b', 'a_b'), ('new\nline', 'new_line'), ('..x', 'x'), ('v.1', 'v.1'),
                       (os.fsdecode(b'caf\xe9'), 'caf_')):
        assert open_video(write_folder(tmp_path / name, ['0.png'])).name == safe
