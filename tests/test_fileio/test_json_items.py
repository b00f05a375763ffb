"""Large JSON, an item at a time: the same as json.loads, and every item found again."""

import json
import os
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio import json_items
from s2d_plugins.fileio.json_items import iterate_items, read_item
from s2d_plugins.fileio.json_kinds import Video

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.printable + 'é漢😀'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner,
                                                                max_size=3), max_leaves=8)


def rebuild(path):
    """The content from its items, each of which is read a second time."""
    result = {}
    for key, item, place in iterate_items(path):
        if place is None:
            result[key] = item
        else:
            assert read_item(path, place, Any, 'an item') == item
            result.setdefault(key, []).append(item)
    return result


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    return tmp_path_factory.mktemp('json') / 'large.json'


@settings(max_examples=15)
@given(content=st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4),
       indent=st.sampled_from([None, 1]), ascii_only=st.booleans(), chunk=st.integers(1, 9))
def test_equals_json(path, content, indent, ascii_only, chunk):
    path.write_text(json.dumps(content, indent=indent, ensure_ascii=ascii_only), 'utf-8')
    before, json_items._CHUNK = json_items._CHUNK, chunk
    try:
        assert rebuild(path) == {key: value for key, value in content.items() if value != []}
    finally:
        json_items._CHUNK = before


@pytest.mark.parametrize('chunk', range(1, 16))
def test_numbers_are_whole_wherever_the_window_ends(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(json_items, '_CHUNK', chunk)
    path = tmp_path / 'a.json'
    path.write_text('{"a": 0.25, "b": [1.5e-07, -2E+3, 12], "c": -0.0}')
    assert rebuild(path) == dict(a=0.25, b=[1.5e-07, -2e3, 12], c=0)


def test_holds_no_more_than_a_few_items(tmp_path, monkeypatch):
    monkeypatch.setattr(json_items, '_CHUNK', 100)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(items=['x' * 80] * 500)))
    lengths = []
    original = json_items._Reader._more

    def more(reader):
        result = original(reader)
        lengths.append(len(reader._text))
        return result
    monkeypatch.setattr(json_items._Reader, '_more', more)
    assert len(rebuild(path)['items']) == 500
    assert max(lengths) <= 300 and len(lengths) > 100


@pytest.mark.parametrize('text', [
    '', '[1]', '{"a": [1, 2', '{"a": [1 2]}', '{"a": nope}', '{"a": 1', '{"a" 1}', '\xff'])
def test_broken_json_names_the_file(tmp_path, text):
    path = tmp_path / 'broken.json'
    path.write_text(text, 'latin-1')
    with pytest.raises(S2DInputError, match='broken.json is not valid JSON') as info:
        list(iterate_items(path))
    assert '\n' not in str(info.value)


def test_missing_and_changed_files(tmp_path):
    with pytest.raises(S2DInputError, match='cannot read .*none.json'):
        list(iterate_items(tmp_path / 'none.json'))
    with pytest.raises(S2DInputError, match='cannot read .*none.json'):
        read_item(tmp_path / 'none.json', (0, 1), Any, 'x')
    path = tmp_path / 'a.json'
    path.write_text('{"a": [1]}')
    with pytest.raises(S2DInputError, match='has changed'):
        read_item(path, (0, 3), Any, 'x')


def test_a_fault_ends_the_reading_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(json_items, '_CHUNK', 100)
    path = tmp_path / 'a.json'
    path.write_text('{"a": [nope, ' + '1, ' * 10**5 + '1]}')
    read = []
    original = json_items._Reader._more
    monkeypatch.setattr(json_items._Reader, '_more',
                        lambda reader: read.append(1) or original(reader))
    with pytest.raises(S2DInputError, match='a.json is not valid JSON'):
        list(iterate_items(path))
    assert len(read) == 1


def test_depth_pipes_and_items_of_another_kind(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"a": [' + '[' * 10**5 + ']' * 10**5 + ']}')
    with pytest.raises(S2DInputError, match='a.json is nested too deeply'):
        list(iterate_items(path))
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(S2DInputError, match='pipe: it is a pipe'):
        list(iterate_items(tmp_path / 'pipe'))
    path.write_text('{"videos": [{"id": 1, "height": 2}]}')
    (_, _, place), = iterate_items(path)
    with pytest.raises(S2DInputError, match='a.json, video 1 is not a video of a label file: at its'
                       ' outermost value: object missing required field width'):
        read_item(path, place, Video, 'a.json, video 1')


@pytest.mark.parametrize('value', ['NaN', 'Infinity', '-Infinity'])
def test_what_json_has_no_number_for(tmp_path, value):
    path = tmp_path / 'a.json'
    path.write_text(f'{{"a": [1, {{"b": [{value}]}}]}}')
    with pytest.raises(S2DInputError, match=f'a.json is not valid JSON .{value} is no number of'):
        list(iterate_items(path))
