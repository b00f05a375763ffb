import os

from s2d_plugins.fileio.named_files import file_stamps, named_paths, read_for_all, read_for_one


def test_files_at_any_depth(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'made').mkdir()
    for name in ('weights.pth', 'made/a.json', 'model', 'sgd'):
        (tmp_path / name).write_text(name)
    settings = dict(type='sgd', path='model', nested=[dict(a='weights.pth'), ('made/a.json',)],
                    missing='none.pth', size=3, wrong='a\0b.pth', folder_path='made')
    assert [str(path) for path in named_paths(settings)] == ['model', 'weights.pth', 'made/a.json',
                                                             'made']
    assert [stamp[0] for stamp in read_for_all(settings)] == ['model', 'weights.pth', 'made/a.json']
    stamp, = read_for_one(settings, 'a')
    assert stamp[:2] == ['made/a.json', 11] and read_for_one(settings, 'b') == []


def test_a_stamp_changes_with_size_and_time(tmp_path):
    path = tmp_path / 'a'
    path.write_text('x')
    os.utime(path, ns=(0, 5))
    assert file_stamps([path, tmp_path / 'none']) == [[str(path), 1, 5]]
    path.write_text('xy')
    os.utime(path, ns=(0, 6))
    assert file_stamps([path]) == [[str(path), 2, 6]]
