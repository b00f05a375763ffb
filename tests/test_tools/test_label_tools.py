"""tools/merge_labels.py and tools/validate_labels.py on small files."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools'))
import merge_labels  # noqa: E402
import validate_labels  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    rle = encode_mask(np.ones((4, 5), bool))
    for name in ('a', 'b'):
        video = make_video(1, name, (4, 5), [f'{name}/0.jpg', f'{name}/1.jpg'])
        write_json(tmp_path / 'labels' / f'{name}.json',
                   make_labels([video], [make_annotation(1, 1, [rle, None], one2x=0.2)]))
    return tmp_path


def test_merge_then_validate(folder, capsys):
    target = folder / 'merged.json'
    assert merge_labels.main([str(folder / 'labels'), '--out', str(target)]) == 0
    assert 'instances: 2' in capsys.readouterr().out
    assert json.loads((folder / 'merged.stats.json').read_text())['keymasks'] == 2
    assert validate_labels.main([str(target)]) == 0
    assert 'no faults' in capsys.readouterr().out


def test_validator_exit_codes(folder, capsys):
    target = folder / 'labels' / 'a.json'
    assert validate_labels.main([str(target), '--frames', str(folder)]) == 1
    assert '2 of 2 files are missing' in capsys.readouterr().out
    assert validate_labels.main([str(folder / 'none.json')]) == 2
    assert 'cannot read' in capsys.readouterr().err


def test_merge_without_files(tmp_path, capsys):
    assert merge_labels.main([str(tmp_path), '--out', str(tmp_path / 'merged.json')]) == 2
    assert 'expected label files' in capsys.readouterr().err


def test_validator_says_what_another_file_is(tmp_path, capsys):
    write_json(tmp_path / 'results.json', [dict(video_id=1, score=0.5, segmentations=[None])])
    write_json(tmp_path / 'proposals.json', dict(height=1, width=1, frames=[]))
    for name, kind in (('results', 'a results file'), ('proposals', 'a proposals file')):
        assert validate_labels.main([str(tmp_path / f'{name}.json')]) == 1
        first, count = capsys.readouterr().out.splitlines()
        assert f'found {kind}' in first and count.endswith('json: 1 faults')


def test_validator_of_a_split_for_a_server_and_of_odd_names(tmp_path, capsys):
    video = make_video(1, 'a', (4, 5), ['a/0.jpg'])
    write_json(tmp_path / 'valid.json', dict(videos=[video], annotations=None))
    assert validate_labels.main([str(tmp_path / 'valid.json')]) == 0
    assert '1 videos and no annotations, no faults' in capsys.readouterr().out
    write_json(tmp_path / 'valid.json', dict(videos=[dict(video, id='1\n\x1b[31m', length=7)]))
    assert validate_labels.main([str(tmp_path / 'valid.json')]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def merge(folder, out, *more):
    return merge_labels.main([str(folder / 'labels'), '--out', str(folder / out), *more])


def test_merging_into_the_folder_of_the_labels(folder, capsys):
    for _ in range(2):  # what the first run wrote is no label file of the second
        assert merge(folder, 'labels/all.json', '--statistics', str(folder / 'n.json')) == 0
        assert 'videos: 2\n' in capsys.readouterr().out
    assert validate_labels.main([str(folder / 'labels/all.json')]) == 0


@pytest.mark.parametrize(('out', 'statistics', 'message'), [
    ('labels/a.json', 'n.json', 'a.json would be written over'),
    ('merged.json', 'labels/b.json', 'b.json would be written over'),
    ('merged.json', 'merged.json', 'merged.json would be written over'),
    ('labels', 'n.json', 'labels is a folder, expected the name of a file')])
def test_merging_spares_the_labels(folder, capsys, out, statistics, message):
    before = {path: path.read_bytes() for path in (folder / 'labels').iterdir()}
    assert merge(folder, out, '--statistics', str(folder / statistics)) == 2
    assert message in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in (folder / 'labels').iterdir()}
    assert [path.name for path in folder.iterdir()] == ['labels']


def test_a_link_to_itself_among_the_files_is_one_line(folder, capsys):
    (folder / 'labels/c.json').symlink_to('c.json')
    assert merge_labels.main([str(folder / 'labels'), '--out', str(folder / 'merged.json')]) == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1 and 'c.json' in error and not (folder / 'merged.json').exists()
