"""What a folder holds, in which order."""

import os

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.folders import (
    by_stem,
    is_hidden,
    list_folders,
    list_images,
    list_masks,
)


def names(paths):
    return [path.name for path in paths]


def test_images_and_masks_in_natural_order(tmp_path):
    for name in ('10.png', '2.PNG', '1.JPG', '9.webp', '03a.jpeg', '3.bmp', '._1.png', '.DS_Store',
                 'notes.txt', '4.gif'):
        (tmp_path / name).touch()
    (tmp_path / '5.png').mkdir()
    assert names(list_images(tmp_path)) == ['1.JPG', '2.PNG', '3.bmp', '03a.jpeg', '9.webp',
                                            '10.png']
    assert names(list_masks(str(tmp_path))) == ['2.PNG', '10.png']
    assert list_images(tmp_path / 'none') == list_folders(tmp_path / 'none') == []


def test_folders_that_the_user_made(tmp_path):
    for name in ('v10', 'v9', '.git', '.ipynb_checkpoints', '__MACOSX', 'Lost+Found'):
        (tmp_path / name).mkdir()
    (tmp_path / 'link').symlink_to('v9')
    (tmp_path / 'dangling').symlink_to('nowhere')
    (tmp_path / 'file').touch()
    assert names(list_folders(tmp_path)) == ['link', 'v9', 'v10']
    assert not is_hidden('_macosx') and not is_hidden('a.b')


def test_what_cannot_be_listed(tmp_path, monkeypatch):
    (tmp_path / 'file.png').touch()
    with pytest.raises(S2DInputError, match='cannot read .*file.png: no such file or folder'):
        list_masks(tmp_path / 'file.png')

    def deny(path):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(os, 'listdir', deny)
    with pytest.raises(S2DInputError, match='cannot read .*: Permission denied'):
        list_folders(tmp_path)


def test_an_image_that_is_no_file_is_not_passed_over(tmp_path):
    (tmp_path / '1.png').symlink_to('1.png')
    with pytest.raises(S2DInputError, match=r'1\.png: Too many levels of symbolic links'):
        list_masks(tmp_path)


def test_frames_and_masks_find_each_other_by_stem(tmp_path):
    files = [tmp_path / name for name in ('2.png', '10.jpg')]
    assert by_stem(files) == {'2': files[0], '10': files[1]}
    with pytest.raises(S2DInputError, match=r'holds one frame twice: 2\.png and 2\.PNG'):
        by_stem([*files, tmp_path / '2.PNG'])
