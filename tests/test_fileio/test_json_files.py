"""JSON that cannot be read, or is not what it should be, is one line."""

import os

import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.json_files import read_json
from s2d_plugins.fileio.json_kinds import State


def test_unreadable_json(tmp_path):
    with pytest.raises(S2DInputError, match=r'cannot read .*none\.json: no such file'):
        read_json(tmp_path / 'none.json')
    (tmp_path / 'half.json').write_text('{"videos": [')
    with pytest.raises(S2DInputError, match=r'half\.json is not valid JSON'):
        read_json(tmp_path / 'half.json')
    (tmp_path / 'binary.json').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(S2DInputError, match=r'binary\.json is not valid JSON'):
        read_json(tmp_path / 'binary.json')


def test_deep_nesting_is_one_line(tmp_path):
    (tmp_path / 'deep.json').write_text('[' * 10**5 + ']' * 10**5)
    with pytest.raises(S2DInputError, match='deep.json is nested too deeply'):
        read_json(tmp_path / 'deep.json')


def test_what_is_no_file_does_not_block(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(S2DInputError, match='cannot read .*pipe: it is a pipe'):
        read_json(tmp_path / 'pipe')


def test_a_kind_names_the_place(tmp_path):
    (tmp_path / 'state.json').write_text('{"frames": {"items": {"cat": 3}}}')
    with pytest.raises(S2DInputError, match='not the state of a work dir: at .*expected object'):
        read_json(tmp_path / 'state.json', State)
