"""Files opened for reading: plain ones, and one line for anything else."""

import os

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.digests import file_digest
from s2d_plugins.fileio.plain_files import check_is_file, is_text, open_file, read_text
from s2d_plugins.fileio.stamps import read_stamp
from s2d_plugins.fileio.whole_file_backend import WholeFileBackend


def test_a_plain_file_is_opened(tmp_path):
    (tmp_path / 'a').write_bytes(b'abc')
    (tmp_path / 'link').symlink_to('a')
    for path in (tmp_path / 'a', str(tmp_path / 'link')):
        with open_file(path) as file:
            assert file.read() == b'abc'
        check_is_file(path)


def test_what_is_no_file_does_not_block(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    (tmp_path / 'dangling').symlink_to('nowhere')
    (tmp_path / 'loop').symlink_to('loop')
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'file').touch()
    for name, reason in (('pipe', 'it is a pipe'), ('dangling', 'it is a dangling link'),
                         ('loop', 'Too many levels'), ('folder', 'it is a folder'),
                         ('none', 'no such file'), ('file/below', 'no such file'),
                         ('a\0b', 'embedded null'), ('x' * 999, 'File name too long')):
        with pytest.raises(S2DInputError, match=f'cannot read mask .*: {reason}'):
            check_is_file(tmp_path / name, 'mask')
    with pytest.raises(S2DInputError, match='cannot read /dev/null: it is a device'):
        open_file('/dev/null')


def test_text(tmp_path):
    (tmp_path / 'a').write_bytes('ä\n'.encode())
    assert read_text(tmp_path / 'a') == 'ä\n'
    (tmp_path / 'b').write_bytes(b'ab\xf7')
    with pytest.raises(S2DInputError, match=r'cannot read the list .*b: it is not text in UTF-8 '
                                            r'.*position 2.*; give another file'):
        read_text(tmp_path / 'b', 'the list')
    with pytest.raises(S2DInputError, match='it is a folder'):
        read_text(tmp_path)


def test_digests_stamps_and_mmengine_read_plain_files_alone(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    for read in (file_digest, WholeFileBackend().get, WholeFileBackend().get_text):
        with pytest.raises(S2DInputError, match='pipe: it is a pipe'):
            read(tmp_path / 'pipe')
    assert read_stamp(tmp_path / 'pipe') is None
    (tmp_path / 'a').write_text('abc')
    assert WholeFileBackend().get(tmp_path / 'a') == b'abc'
    assert WholeFileBackend().get_text(tmp_path / 'a') == 'abc'
    assert file_digest(tmp_path / 'a') == 'ba7816bf8f01cfea'  # SHA-256 of abc


def test_a_file_that_becomes_a_pipe_in_between(tmp_path, monkeypatch):
    path, opened = tmp_path / 'a', os.open
    path.touch()

    def swap(name, flags):
        path.unlink()
        os.mkfifo(path)
        return opened(name, flags)

    monkeypatch.setattr(os, 'open', swap)
    with pytest.raises(S2DInputError, match='it is a pipe'):
        open_file(path)


def test_names_print_as_one_line_of_bearable_length(tmp_path):
    with pytest.raises(S2DInputError) as caught:
        open_file(tmp_path / ('\x1b[2J\n' * 100) / 'x')
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize(('content', 'text'), [
    (b'#EXTM3U\n', True), ('é\r\n\t'.encode(), True), (b'\x1b[31mred', True), (b'', False),
    (b'a' * 511 + b'\0', False), (b'a' * 512 + b'\0', True), (b'\0\0\0\x1cftypisom', False)])
def test_text(tmp_path, content, text):
    (tmp_path / 'x').write_bytes(content)
    assert is_text(tmp_path / 'x') is text
