"""Folders of frames and masks as people have them: any order, hidden files, turned, 16 bits."""

import os

import numpy as np
import pytest
from PIL import Image

from s2d_plugins.dataset_converters import (
    davis_source,
    mose_source,
    plain_source,
    sa_v_source,
    vipseg_source,
)
from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.rle import decode_mask

SIZE = (4, 16)
LENGTH = 14


def ids(frame, value=1, dtype=np.uint8):
    """One column in the place of the frame's number."""
    result = np.zeros(SIZE, dtype)
    result[:, frame] = value
    return result


def write_frames(folder, names, size=SIZE, **options):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(np.zeros((*size, 3), np.uint8)).save(folder / name, **options)


def write_all(frames, masks, value=1, suffix='PNG'):
    """Frames 0 to 13 and what systems put beside them."""
    write_frames(frames, [f'{frame}.JPG' for frame in range(LENGTH)])
    for frame in range(LENGTH):
        write_indexed_png(masks / f'{frame}.{suffix}', ids(frame, value))
    for folder in (frames, masks):
        (folder / '._0.png').write_bytes(b'x')
        (folder / '.ipynb_checkpoints').mkdir()
        (folder.parent / '.ipynb_checkpoints').mkdir(exist_ok=True)
        (folder.parent / '__MACOSX').mkdir(exist_ok=True)


def the_one(source):
    assert len(source.jobs) == 1
    return source.read(source.jobs[0])


def check_order(video):
    assert [name.rpartition('/')[2] for name in video.file_names] == [
        f'{frame}.JPG' for frame in range(LENGTH)]
    (instance,) = video.instances
    assert [int(decode_mask(rle).argmax()) for rle in instance.segmentations] == list(range(LENGTH))


def test_davis(tmp_path):
    write_all(tmp_path / 'JPEGImages/480p/cat', tmp_path / 'Annotations/480p/cat')
    check_order(the_one(davis_source(tmp_path, 2017)))
    check_order(the_one(davis_source(tmp_path, 2016)))


def test_mose(tmp_path):
    write_all(tmp_path / 'train/JPEGImages/cat', tmp_path / 'train/Annotations/cat')
    check_order(the_one(mose_source(tmp_path)))


def test_sa_v(tmp_path):
    write_all(tmp_path / 'JPEGImages_24fps/cat', tmp_path / 'Annotations_6fps/cat/000')
    check_order(the_one(sa_v_source(tmp_path)))


def test_vipseg(tmp_path):
    write_all(tmp_path / 'imgs/cat', tmp_path / 'panomasks/cat', value=125)
    check_order(the_one(vipseg_source(tmp_path)))


def test_plain_videos(tmp_path):
    write_frames(tmp_path / 'videos/cat', [f'{frame}.JPG' for frame in range(LENGTH)])
    assert the_one(plain_source(tmp_path / 'videos')).file_names == [
        f'cat/{frame}.JPG' for frame in range(LENGTH)]


def test_a_mask_that_is_there_twice(tmp_path):
    write_all(tmp_path / 'train/JPEGImages/cat', tmp_path / 'train/Annotations/cat')
    write_indexed_png(tmp_path / 'train/Annotations/cat/3.png', ids(3))
    with pytest.raises(S2DInputError, match=r'holds one frame twice: 3\.PNG and 3\.png'):
        the_one(mose_source(tmp_path))


def test_frames_turned_by_exif(tmp_path):
    """Masks are of the size that is seen."""
    exif = Image.Exif()
    exif[0x0112] = 6
    write_frames(tmp_path / 'train/JPEGImages/cat', ['0.jpg'], SIZE[::-1], exif=exif)
    write_indexed_png(tmp_path / 'train/Annotations/cat/0.png', ids(5))
    assert the_one(mose_source(tmp_path)).size == SIZE
    assert the_one(plain_source(tmp_path / 'train/JPEGImages')).size == SIZE


def test_ids_of_16_bits_are_objects_like_any_other(tmp_path):
    write_frames(tmp_path / 'train/JPEGImages/cat', ['0.jpg', '1.jpg'])
    folder = tmp_path / 'train/Annotations/cat'
    folder.mkdir(parents=True)
    Image.fromarray(ids(1, 255, np.uint16) + ids(2, 300, np.uint16)).save(folder / '0.png')
    Image.fromarray(ids(3, 65535, np.uint16) + ids(2, 300, np.uint16)).save(folder / '1.png')
    found = [[rle and int(decode_mask(rle).argmax()) for rle in instance.segmentations]
             for instance in the_one(mose_source(tmp_path)).instances]
    assert found == [[1, None], [2, 2], [None, 3]]
    write_indexed_png(folder / '0.png', ids(1, 255))  # void, in 8 bits
    write_indexed_png(folder / '1.png', ids(3, 7))
    assert len(the_one(mose_source(tmp_path)).instances) == 1


@pytest.mark.parametrize('read', [lambda root: davis_source(root, 2017), mose_source,
                                  sa_v_source, vipseg_source, plain_source])
def test_folders_without_permission(tmp_path, monkeypatch, read):
    def deny(path):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(os, 'listdir', deny)
    with pytest.raises(S2DInputError, match='cannot read .*: Permission denied; check path and'):
        read(tmp_path)


def test_linked_folders_are_named_by_their_link(tmp_path, monkeypatch):
    write_frames(tmp_path / 'elsewhere/frames', ['0.jpg', '1.jpg'])
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos/cat').symlink_to('../elsewhere/frames')
    monkeypatch.chdir(tmp_path / 'videos')
    for path in (tmp_path / 'videos', '.', tmp_path / 'videos/cat', '../videos/cat/'):
        source = plain_source(path)
        video = the_one(source)
        assert (video.name, video.file_names) == ('cat', ['cat/0.jpg', 'cat/1.jpg'])
        assert all((source.image_root / name).is_file() for name in video.file_names)
    monkeypatch.chdir(tmp_path / 'elsewhere/frames')
    source = plain_source('.')
    assert the_one(source).file_names == ['frames/0.jpg', 'frames/1.jpg']
    assert source.image_root == tmp_path / 'elsewhere'
