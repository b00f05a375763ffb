"""The stage table as a command."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from s2d_plugins.fileio.whole_files import write_json
from s2d_plugins.labels.indexed_png import write_indexed_png
from s2d_plugins.labels.rle import encode_mask

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/evaluate_stages.py'


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('evaluate_stages', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def paths(tmp_path):
    mask = np.zeros((6, 8), bool)
    mask[2:4, 3:6] = True
    for frame in range(2):
        write_indexed_png(tmp_path / f'gt/cat/{frame:05d}.png', mask * 255)
    (tmp_path / 'run/stages').mkdir(parents=True)
    for name in ('cat', 'unknown'):
        write_json(tmp_path / f'run/{name}/results.json',
                   [dict(video_id=1, score=0.5, segmentations=[encode_mask(mask)] * 2)])
    return str(tmp_path / 'run'), str(tmp_path / 'gt')


def test_table_and_files(tool, paths, tmp_path, capsys):
    run, gt = paths
    assert tool.main([run, '--gt', gt, '--jobs', '1']) == 0
    printed = capsys.readouterr().out
    table = (tmp_path / 'run/stage_scores.md').read_text()
    assert table in printed
    assert '100.0' in table
    scores = json.loads((tmp_path / 'run/stage_scores.json').read_text())
    assert scores['stages']['infer']['J_top'] == 1
    assert tool.main([run, '--gt', gt, '--jobs', '1', '--out', str(tmp_path / 'a/b')]) == 0
    assert (tmp_path / 'a/b.md').read_text() == table


def test_bad_input_is_one_line_and_code_2(tool, paths, tmp_path, capsys):
    run, gt = paths
    assert tool.main([str(tmp_path), '--gt', gt]) == 2
    assert capsys.readouterr().err.startswith('error: ')
    assert not (tmp_path / 'stage_scores.md').exists()


@pytest.mark.parametrize('out', ['run/cat/results', 'run/stages/state'])
def test_tables_spare_the_work_dir(tool, paths, tmp_path, capsys, out):
    run, gt = paths
    write_json(tmp_path / 'run/stages/state.json', {})
    before = {path: path.read_bytes() for path in tmp_path.rglob('*.*')}
    assert tool.main([run, '--gt', gt, '--out', str(tmp_path / out)]) == 2
    assert 'would be written over' in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in tmp_path.rglob('*.*')}
