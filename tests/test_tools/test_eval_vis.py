"""AP and AR of files as a command."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.logging import MMLogger

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.proposals_file import write_proposals
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.labels.youtube_vis import make_annotation, make_labels, make_video

TOOL = Path(__file__).parents[2] / 'tools/eval_vis.py'
SIZE = (6, 8)


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('eval_vis', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rle():
    mask = np.zeros(SIZE, bool)
    mask[2:4, 3:6] = True
    return encode_mask(mask)


@pytest.fixture
def gt(tmp_path, rle):
    write_json(tmp_path / 'gt.json', make_labels([make_video(1, 'cat', SIZE, ['0', '1'])],
                                                 [make_annotation(1, 1, [rle, rle])]))
    return str(tmp_path / 'gt.json')


def test_tracks(tool, gt, rle, tmp_path, capsys):
    track = dict(video_id=1, score=0.5, category_id=1, segmentations=[rle, rle])
    results, out = tmp_path / 'results.json', tmp_path / 'out.json'
    write_json(results, [track])
    command = ['--gt', gt, '--results', str(results), '--out', str(out)]
    assert tool.main(command) == 0
    cells = [[cell.strip() for cell in line.split('|')[1:-1]]
             for line in capsys.readouterr().out.splitlines()]
    table = dict(zip(cells[0], cells[2], strict=True))
    assert (table['AP'], table['APl'], table['AR100']) == ('100.0', '-', '100.0')
    assert json.loads(out.read_text())['AP'] == pytest.approx(1)


SMALL = encode_mask(np.ones((5, 8)))
BROKEN = dict(size=list(SIZE), counts='~')
EMPTY = dict(size=list(SIZE), counts='`1')


def check_bad_results(tool, gt, results, tmp_path, capsys, message, score):
    """The tool stops with one line and writes nothing, or counts one entry left out."""
    out = tmp_path / 'out.json'
    command = ['--gt', gt, '--results', str(results), '--out', str(out)]
    assert tool.main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith(f'error: {results}') and message in error
    assert error.count('\n') == 1 and not out.exists()
    MMLogger._instance_dict.clear()  # an earlier test's logger writes to a stream that is closed
    assert tool.main([*command, '--lenient']) == 0
    assert '1 entries left out, the first:' in ''.join(capsys.readouterr())
    assert json.loads(out.read_text())['AP'] == pytest.approx(score)


@pytest.mark.parametrize(('bad', 'message'), [
    (dict(video_id=7), 'track 1: video 7 is not in the ground truth'),
    (dict(score=None), 'track 1 is not a track of a results file: at score: expected float'),
    (dict(segmentations=[None]), "track 1, video 'cat' (id 1): expected segmentations for 2"),
    (dict(segmentations=[None, SMALL]), "'cat' (id 1), frame 1: the mask is 5 x 8"),
    (dict(segmentations=[BROKEN, None]), "'cat' (id 1), frame 0: the mask does not decode"),
    (dict(score=float('nan')), "track 1, video 'cat' (id 1): score nan is not a finite number"),
    (dict(id=1), "track 1, video 'cat' (id 1): track id 1 occurs more than once")])
def test_bad_tracks(tool, gt, rle, tmp_path, capsys, bad, message):
    track = dict(id=1, video_id=1, score=0.5, segmentations=[rle, rle])
    results = tmp_path / 'results.json'
    write_json(results, [track, {**track, 'id': 2, **bad}])
    check_bad_results(tool, gt, results, tmp_path, capsys, message, 1)


@pytest.mark.parametrize(('name', 'bad', 'message'), [
    ('dog', dict(video='dog'), "video 'dog' is not in"),
    ('dog', dict(video='cat'), "video 'cat' occurs more than once"),
    ('dog', dict(frames=3), 'dog.json is not a proposals file: at frames: expected array, got int'),
    ('dog', dict(video=None), "video 'dog' is not in"),
    ('cat', dict(frames=[[]]), "video 'cat' (id 1): 1 frames, expected 2"),
    ('cat', dict(height=5, frames=[[dict(segmentation=dict(size=[6, 8], counts='`1'), score=1)],
                                   []]),
     'cat.json, frame 0, mask 0: the mask is 6 x 8'),
    ('cat', dict(frames=[[], [dict(segmentation=BROKEN, score=1)]]),
     'cat.json, frame 1, mask 0: the mask does not decode'),
    ('cat', dict(frames=[[], [dict(segmentation=EMPTY, score=float('nan'))]]),
     'cat.json, frame 1, mask 0: score nan is not a finite number')])
def test_bad_proposals(tool, gt, rle, tmp_path, capsys, name, bad, message):
    good = dict(video='cat', height=6, width=8, frames=[[dict(segmentation=rle, score=1)]] * 2)
    folder = tmp_path / 'proposals'
    write_json(folder / 'cat.json', good)
    write_json(folder / f'{name}.json', {**good, **bad})
    check_bad_results(tool, gt, folder, tmp_path, capsys, message, 1 if name == 'dog' else 0)


def test_proposals(tool, gt, rle, tmp_path, capsys):
    command = ['--gt', gt, '--results', str(tmp_path / 'proposals')]
    write_proposals(tmp_path / 'proposals/cat.json', 'cat', SIZE,
                    [[dict(segmentation=rle, score=0.5)], []])
    assert tool.main(command) == 0
    assert '50.' in capsys.readouterr().out
    (tmp_path / 'proposals/cat.json').unlink()
    assert tool.main(command) == 2
    assert 'expected proposals files' in capsys.readouterr().err


def test_a_proposals_file_without_a_name_is_that_of_its_file(tool, gt, rle, tmp_path, capsys):
    write_json(tmp_path / 'proposals/cat.json', dict(
        video=None, height=6, width=8, frames=[[dict(segmentation=rle, score=1)]] * 2))
    assert tool.main(['--gt', gt, '--results', str(tmp_path / 'proposals')]) == 0
    assert '100.0' in capsys.readouterr().out


@pytest.mark.parametrize(('text', 'message'), [
    ('{}', 'at its outermost value: expected array, got object'), ('[3]', 'track 0 is not a track'),
    ('[' * 10**5, 'nested too deeply'), ('null', 'expected array, got null')])
def test_what_is_no_results_file(tool, gt, tmp_path, capsys, text, message):
    (tmp_path / 'a.json').write_text(text)
    assert tool.main(['--gt', gt, '--results', str(tmp_path / 'a.json')]) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ') and error.count('\n') == 1 and message in error
    assert tool.main(['--gt', str(tmp_path / 'a.json'), '--results', gt]) == 2
    assert capsys.readouterr().err.count('\n') == 1


@pytest.mark.parametrize('out', ['gt.json', 'results.json', 'link.json', 'proposals/cat.json',
                                 'proposals'])
def test_numbers_spare_the_inputs(tool, gt, rle, tmp_path, capsys, out):
    write_json(tmp_path / 'results.json', [])
    write_proposals(tmp_path / 'proposals/cat.json', 'cat', SIZE, [[], []])
    (tmp_path / 'link.json').symlink_to(tmp_path / 'gt.json')
    before = {path: path.read_bytes() for path in tmp_path.rglob('*.json')}
    results = 'proposals' if 'proposals' in out else 'results.json'
    assert tool.main(['--gt', gt, '--results', str(tmp_path / results),
                      '--out', str(tmp_path / out)]) == 2
    assert capsys.readouterr().err.startswith('error: ')
    assert before == {path: path.read_bytes() for path in tmp_path.rglob('*.json')}
