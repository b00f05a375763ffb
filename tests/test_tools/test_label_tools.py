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
