"""AP and AR of files as a command."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from s2d_plugins.labels import (
    encode_mask,
    make_annotation,
    make_labels,
    make_video,
    write_json,
    write_proposals,
)

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
    out.unlink()
    write_json(results, [track, {**track, 'score': float('nan')}])
    assert tool.main(command) == 2
    assert "results.json, video 'cat' (id 1), track 1: score nan" in capsys.readouterr().err
    assert not out.exists()
    assert tool.main([*command, '--lenient']) == 0
    assert json.loads(out.read_text())['AP'] == pytest.approx(1)


def test_proposals(tool, gt, rle, tmp_path, capsys):
    command = ['--gt', gt, '--results', str(tmp_path / 'proposals')]
    write_proposals(tmp_path / 'proposals/cat.json', 'cat', SIZE,
                    [[dict(segmentation=rle, score=0.5)], []])
    assert tool.main(command) == 0
    assert '50.' in capsys.readouterr().out
    (tmp_path / 'proposals/cat.json').unlink()
    assert tool.main(command) == 2
    assert 'expected proposals files' in capsys.readouterr().err
