"""Names, paths and outputs: the one place for what is safe."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.paths import (
    check_inside,
    check_outputs,
    is_inside,
    named_path,
    safe_name,
    unique_names,
)


@pytest.mark.parametrize(('text', 'name'), [
    ('cat', 'cat'), ('Big Buck Bunny (1080p)', 'Big Buck Bunny (1080p)'), ('Füße', 'Füße'),
    ('..', 'video'), ('.', 'video'), ('.hidden', 'hidden'), ('a:b', 'a_b'), ('a/../b', 'a_.._b'),
    ('two\nlines', 'two_lines'), ('\x1b[31mred', '_[31mred'), ('\udcff\udcfe', '__'),
    ('rtl\u202egpj', 'rtl_gpj'), ('nul', '_nul'), ('con.tar', '_con.tar'),
    ('trailing. ', 'trailing'), ('3.00\u202fPM', '3.00 PM'), ('\xa0', 'video'),
    ('line\u2028end', 'line_end')])
def test_names(text, name):
    assert safe_name(text) == name


def test_long_names_stay_different():
    names = {safe_name('a' * 5000), safe_name('a' * 5001), safe_name('ü' * 300)}
    assert len(names) == 3 and all(len(name.encode()) <= 120 for name in names)


@given(st.text(max_size=400))
def test_any_text_becomes_a_name(text):
    name = safe_name(text)
    assert name and '/' not in name and name not in ('.', '..') and name.isprintable()
    assert len(name.encode()) <= 120 and safe_name(name) == name


def test_names_of_several_are_different_whatever_the_case():
    names = unique_names(['a', 'A', 'stages', 'a', '..', '.'], ['stages'],
                         ['mp4', 'avi', 'mp4', 'mp4', 'x', 'x'])
    assert names == ['a_mp4', 'A_avi', 'stages_mp4', 'a_mp4_2', 'video_x', 'video_x_2']


@pytest.mark.parametrize('name', ['a.jpg', 'a/b.jpg', 'a..b/c', '...jpg'])
def test_paths_inside(name):
    assert is_inside(name) and check_inside(name, 'x.json') == name


@pytest.mark.parametrize('name', ['', '/a', '../a', 'a/../../b', 'a\\..\\b', 'C:\\a', 'C:a', '\\a',
                                  'a\0b', '..', None, 3])
def test_paths_that_lead_elsewhere(name):
    with pytest.raises(S2DInputError, match='x.json names the file .*expected a path inside'):
        check_inside(name, 'x.json')


def test_outputs_that_would_destroy_inputs(tmp_path):
    videos = tmp_path / 'videos'
    videos.mkdir()
    (videos / 'a.json').write_text('')
    (tmp_path / 'link').symlink_to(videos)
    (tmp_path / 'hard.json').hardlink_to(videos / 'a.json')
    bad = [dict(files=[videos / 'a.json']), dict(files=[tmp_path / 'link' / 'a.json']),
           dict(files=[tmp_path / 'hard.json']), dict(files=[videos]), dict(folders=[videos]),
           dict(folders=[tmp_path / 'link']), dict(owned=[tmp_path]), dict(owned=[videos]),
           dict(owned=[videos / 'a.json']), dict(files=[tmp_path / 'x', tmp_path / 'y/../x']),
           dict(files=[tmp_path / 'x'], owned=[tmp_path / 'x'])]
    for outputs in bad:
        with pytest.raises(S2DInputError, match='choose|give'):
            check_outputs([videos / 'a.json', videos, None], **outputs)


def test_outputs_beside_inputs(tmp_path):
    (tmp_path / 'a.json').write_text('')
    check_outputs([tmp_path / 'a.json'], files=[tmp_path / 'b.json', None],
                  folders=[tmp_path, tmp_path / 'new'], owned=[tmp_path / 'work'])


def test_paths_that_cannot_be(tmp_path):
    (tmp_path / 'loop').symlink_to('loop')
    for path in (tmp_path / 'a\0b',):
        with pytest.raises(S2DInputError, match='cannot use the path'):
            check_outputs([path], files=[tmp_path / 'x'])


def test_paths_that_end_in_a_name(tmp_path, monkeypatch):
    (tmp_path / 'real/sub').mkdir(parents=True)
    (tmp_path / 'link').symlink_to('real')
    monkeypatch.chdir(tmp_path / 'real')
    for path, named in (('.', tmp_path / 'real'), ('sub/..', tmp_path / 'real'),
                        ('', tmp_path / 'real'), ('..', tmp_path), ('sub', Path('sub')),
                        (tmp_path / 'link', tmp_path / 'link'), ('../link/', Path('../link')),
                        ('/', Path('/'))):
        assert named_path(path) == named
