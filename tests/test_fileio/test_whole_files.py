"""Whole files or none, whole folders or none, and nothing left behind."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.fileio.whole_files import (
    clean_partials,
    partial_path,
    scratch_file,
    whole_file,
    whole_folder,
    write_json,
)


def fail(error: int):
    def raise_error(*args, **kwargs):
        raise OSError(error, os.strerror(error))
    return raise_error


def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / 'labels.json'
    write_json(path, 'old')
    monkeypatch.setattr(Path, 'write_bytes', fail(errno.ENOSPC))
    with pytest.raises(S2DInputError, match=r'cannot write .*labels\.json: No space left.*free'):
        write_json(path, 'new')
    assert read_json(path) == 'old' and os.listdir(tmp_path) == ['labels.json']


@pytest.mark.parametrize(('function', 'error', 'message'), [
    ('replace', errno.EROFS, 'Read-only file system'), ('open', errno.EACCES, 'denied; .*another')])
def test_failure_leaves_no_temporary_file(tmp_path, monkeypatch, function, error, message):
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail(error))
        with pytest.raises(S2DInputError, match=message):
            write_json(tmp_path / 'labels.json', 'new')
    assert os.listdir(tmp_path) == []


def test_interrupt_removes_the_temporary_file(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_json(tmp_path / 'labels.json', 'new')
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason='root writes everywhere')
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(S2DInputError, match='Permission denied'):
        write_json(tmp_path / 'labels.json', 'new')


def test_folder_in_the_way(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(S2DInputError, match='cannot write'):
        write_json(tmp_path / 'file' / 'labels.json', 'new')
    (tmp_path / 'labels.json').mkdir()
    with pytest.raises(S2DInputError, match='cannot write'):
        write_json(tmp_path / 'labels.json', 'new')
    assert sorted(os.listdir(tmp_path)) == ['file', 'labels.json']


def test_rights_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_json(tmp_path / 'labels.json', 1)
    finally:
        os.umask(before)
    assert (tmp_path / 'labels.json').stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize('name', ['clip', 255 * 'n'])
def test_a_folder_is_replaced_as_a_whole(tmp_path, name):
    for content in ('old', 'new'):
        with whole_folder(tmp_path / name) as folder:
            (folder / f'{content}.jpg').write_text(content)
    assert os.listdir(tmp_path) == [name] and os.listdir(tmp_path / name) == ['new.jpg']
    with pytest.raises(ValueError, match='stop'), whole_folder(tmp_path / name) as folder:
        (folder / 'half.jpg').write_text('')
        raise ValueError('stop')
    assert os.listdir(tmp_path) == [name] and os.listdir(tmp_path / name) == ['new.jpg']


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    """Foreign hidden files, links, and what this process is writing stay."""
    code = ('import os, sys\nfrom s2d_plugins.fileio.whole_files import whole_file, whole_folder\n'
            'os.chdir(sys.argv[1])\n'
            'with whole_folder("frames"), whole_file("a.mp4", ".mp4"):\n    os._exit(9)')
    assert subprocess.run([sys.executable, '-c', code, str(tmp_path)]).returncode == 9
    abandoned = set(os.listdir(tmp_path))
    assert len(abandoned) == 2
    (tmp_path / '.git').mkdir()
    (tmp_path / '.env').write_text('secret')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'kept').write_text('')
    planted = next(iter(abandoned)).replace('.partial', '.partial.x')
    (tmp_path / planted).symlink_to('other')
    with whole_file(tmp_path / 'b.json') as mine:
        clean_partials(tmp_path, tmp_path / 'none')
        assert mine.exists()
    assert set(os.listdir(tmp_path)) == {'.git', '.env', 'other', planted, 'b.json'}
    assert (tmp_path / 'other' / 'kept').exists()


#: Replaces a folder and is killed at the given rename.
REPLACE = '''
import os, sys
from pathlib import Path
from s2d_plugins.fileio.whole_files import whole_folder
os.chdir(sys.argv[1])
rename, left = Path.rename, int(sys.argv[2])
def killed(self, target):
    global left
    left -= 1
    return rename(self, target) if left else os._exit(9)
Path.rename = killed
with whole_folder("clip") as folder:
    (folder / "new").touch()
    if not left:
        Path.rename = rename
        import shutil
        shutil.rmtree = lambda *_, **__: os._exit(9)
'''


@pytest.mark.parametrize(('kill_at', 'kept'), [(1, 'old'), (2, 'old'), (0, 'new')])
def test_a_folder_survives_a_kill_while_it_is_replaced(tmp_path, kill_at, kept):
    """At the first rename, between both, and before the old one is removed."""
    (tmp_path / 'clip').mkdir()
    (tmp_path / 'clip' / 'old').touch()
    os.utime(tmp_path / 'clip', (1, 1))  # long before the process that replaces it
    assert subprocess.run([sys.executable, '-c', REPLACE, str(tmp_path), str(kill_at)],
                          check=False).returncode == 9
    assert len(os.listdir(tmp_path)) == 2
    clean_partials(tmp_path)
    assert os.listdir(tmp_path) == ['clip'] and os.listdir(tmp_path / 'clip') == [kept]


def test_a_folder_that_is_being_replaced_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / 'clip').mkdir()
    (tmp_path / 'clip' / 'old').touch()
    os.utime(tmp_path / 'clip', (1, 1))
    rename = Path.rename

    def cleaned(self, target):
        clean_partials(tmp_path)  # by another process, before each rename
        return rename(self, target)

    monkeypatch.setattr(Path, 'rename', cleaned)
    with whole_folder(tmp_path / 'clip') as folder:
        (folder / 'new').touch()
    assert os.listdir(tmp_path) == ['clip'] and os.listdir(tmp_path / 'clip') == ['new']


def test_temporary_names_cannot_be_guessed(tmp_path):
    assert partial_path(tmp_path / 'a') != partial_path(tmp_path / 'a')
    target = tmp_path / 'elsewhere'
    target.write_text('untouched')
    with whole_file(tmp_path / 'a', '.mp4') as temporary:
        assert temporary.suffix == '.mp4' and temporary.name.startswith('.s2d-')


def test_an_error_of_a_file_that_is_read_passes(tmp_path):
    with pytest.raises(FileNotFoundError, match='frame'), whole_file(tmp_path / 'out' / 'a'):
        (tmp_path / 'frame.png').read_bytes()
    with pytest.raises(S2DInputError, match='cannot write .*a: No such file'), \
            whole_folder(tmp_path / 'out' / 'a') as folder:
        (folder / 'b' / 'c').write_text('')
    assert os.listdir(tmp_path / 'out') == []


def test_a_folder_that_cannot_be_replaced_comes_back(tmp_path, monkeypatch):
    (tmp_path / 'clip').mkdir()
    (tmp_path / 'clip' / 'old').write_text('')
    rename = Path.rename

    def fails_once(self, target):
        if self.name != 'clip' and not (self / 'old').exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, 'rename', fails_once)
    with pytest.raises(S2DOutputError, match='cannot write .*clip: Input/output error'), \
            whole_folder(tmp_path / 'clip') as folder:
        (folder / 'new').write_text('')
    assert os.listdir(tmp_path) == ['clip'] and os.listdir(tmp_path / 'clip') == ['old']


def test_whole_files_are_written_in_one_place_alone():
    """Temporary names and renames elsewhere would be predictable, or left behind by a kill."""
    root = Path(__file__).parents[2]
    words = ('mkdtemp', 'NamedTemporaryFile', 'mkstemp', 'os.replace', 'os.rename', '.rename(',
             'TemporaryDirectory(dir', 'shutil.move')
    found = [f'{path.relative_to(root)}: {word}' for folder in ('s2d_plugins', 'tools', 'projects')
             for path in (root / folder).rglob('*.py') for word in words
             if word in path.read_text(encoding='utf-8') and path.name != 'whole_files.py']
    assert found == []


def test_a_scratch_file_is_gone_at_the_end(tmp_path):
    with scratch_file(tmp_path / 'new/labels.json') as part:
        part.write_text('part')
        assert part.parent == tmp_path / 'new' and part.name.startswith('.s2d-')
    with pytest.raises(KeyError), scratch_file(tmp_path / 'new/labels.json') as part:
        raise KeyError
    assert list((tmp_path / 'new').iterdir()) == []
    (tmp_path / 'file').touch()
    with pytest.raises(S2DInputError, match='cannot write .*file/a.json'), \
            scratch_file(tmp_path / 'file/a.json'):
        pass
