"""JSON that cannot be read, or is not what it should be, is one line."""

import json
import os

import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.json_files import check_content, read_json
from s2d_plugins.fileio.json_kinds import Labels, Proposals, Results, State


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


TRACK = dict(video_id=1, score=0.5, segmentations=[None])


@pytest.mark.parametrize(('content', 'kind', 'message'), [
    ([TRACK], Labels, r'a results file \(a list of tracks\), expected a YouTube-VIS label file; '),
    (dict(frames=[], height=1, width=1), Labels, 'a proposals file, expected a YouTube-VIS label'),
    (dict(videos=[dict(id=1)], images=[]), Labels, 'JSON with an entry per image, made for train'),
    (dict(images=[], annotations=[]), Labels, 'COCO JSON of single images, expected a YouTube-VIS'),
    (dict(videos=[]), Proposals, 'a YouTube-VIS label file, expected a proposals file; give the'),
    (dict(videos=[]), Results, r'a YouTube-VIS label file, expected a results file'),
    (dict(videos=[], annotations=3), Labels, 'not a YouTube-VIS label file: at annotations: expec'),
    ([dict(TRACK, score=None)], Results, r'not a results file .*at \[0\].score: expected float'),
    (3, Results, 'not a results file .*: at its outermost value: expected array, got int')])
def test_another_kind_is_called_what_it_is(tmp_path, content, kind, message):
    (tmp_path / 'a.json').write_text(json.dumps(content))
    with pytest.raises(S2DInputError, match=f'a.json is {message}') as caught:
        read_json(tmp_path / 'a.json', kind)
    assert '\n' not in str(caught.value)


def test_numbers_of_numpy_are_numbers():
    check_content([dict(TRACK, video_id=np.int64(1), score=np.float32(1))], Results, 'x')
    with pytest.raises(S2DInputError, match='x is not a results file .*score: expected float, got'):
        check_content([dict(TRACK, video_id=np.int64(1), score='1')], Results, 'x')


def test_names_that_are_not_utf8_are_names(tmp_path):
    video = dict(id='\ud800', name='\udcff', height=1, width=1, file_names=['\udcff.png'])
    (tmp_path / 'a.json').write_text(json.dumps(dict(videos=[video])))
    assert read_json(tmp_path / 'a.json', Labels) == dict(videos=[video])
    (tmp_path / 'a.json').write_text(json.dumps(dict(videos=[dict(video, height='\ud800')])))
    with pytest.raises(S2DInputError, match='height: expected int, got str'):
        read_json(tmp_path / 'a.json', Labels)
