"""Notes in results of what they were made from."""

import json

import pytest

from s2d_plugins.fileio.stamps import Review, changed_parts, make_stamp, read_stamp, stamped
from s2d_plugins.fileio.whole_files import write_json


def test_a_stamp_is_read_without_the_rest(tmp_path):
    stamp = make_stamp(video=[['a.jpg', 3]], settings=dict(b=1, a=2))
    path = tmp_path / 'a.json'
    write_json(path, stamped(stamp, dict(frames=['x' * 9999])))
    assert read_stamp(path) == stamp
    with path.open('r+') as file:
        file.truncate(5000)
    assert read_stamp(path) == stamp
    assert make_stamp(video=[['a.jpg', 3]], settings=dict(a=2, b=1)) == stamp


@pytest.mark.parametrize('text', ['', '{}', '[]', '{"frames": [], "made_from": {}}',
                                  '{"made_from": 3}', '{"made_from": {"a"', '\x00'])
def test_files_without_a_stamp(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    assert read_stamp(tmp_path / 'a.json') is None
    assert read_stamp(tmp_path / 'none.json') is None


def test_changes_have_names():
    old = make_stamp(video=1, mask_settings=2)
    assert changed_parts(old, make_stamp(video=1, mask_settings=2)) == []
    assert changed_parts(old, make_stamp(video=1, mask_settings=3)) == ['mask settings']
    assert changed_parts(old, make_stamp(video=2)) == ['video', 'mask settings']
    assert changed_parts({}, old) == ['format', 'video', 'mask settings']


def test_a_review_says_what_is_made_again_and_why(tmp_path):
    review = Review()
    for name, stamp in (('a', make_stamp(video=1)), ('b', make_stamp(video=2)),
                        ('c', make_stamp(video=3)), ('d', None)):
        path = tmp_path / f'{name}.json'
        path.write_text(json.dumps(stamped(stamp, {}) if stamp else {}))
        assert review.holds(name, path, lambda: make_stamp(video=1)) == (name in 'ad')
    assert review.lines() == [
        'made again, since video changed: b, c',
        'kept, though nothing says what they were made from: d; --overwrite makes them again']
    review.unmarked += list('efghi')
    assert 'from: d, e, f, g, h and 1 more; --overwrite' in review.lines()[1]
