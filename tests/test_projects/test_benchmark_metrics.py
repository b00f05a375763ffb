"""The benchmark of the metrics, small: both sides agree and every number is there."""

import importlib.util
import json
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'projects/s2d/benchmarks/benchmark_metrics.py'


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('benchmark_metrics', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_small_run(tool, tmp_path, capsys):
    out = tmp_path / 'numbers.json'
    arguments = ['--videos', '2', '--frames', '3', '--tubes', '3', '--size', '40', '60',
                 '--sequences', '1', '--davis-frames', '2', '--jobs', '1']
    assert tool.main([*arguments, '--out', str(out)]) == 0
    numbers = json.loads(out.read_text())
    assert numbers['vis']['largest_difference'] < 1e-3  # mmdet rounds to three decimals
    assert numbers['vis']['times_faster'] > 0
    assert set(numbers['davis']) == {'seconds', 'jobs'}
    assert tool.main([*arguments, '--davis-toolkit', str(tmp_path)]) == 2
    assert 'is not a checkout of the DAVIS 2017 evaluation' in capsys.readouterr().err
