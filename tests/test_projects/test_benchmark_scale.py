"""The benchmark of engines."""

import benchmark_scale
import pytest

from s2d_plugins.engines import LocalEngine
from s2d_plugins.errors import S2DInputError


def test_every_task_is_counted():
    start, milliseconds, grown = benchmark_scale.measure(LocalEngine(), 50)
    assert start >= 0 and 0 < milliseconds < 50 and grown < 50


def test_a_task_that_is_lost_is_noticed():
    class Losing(LocalEngine):
        def run(self, make_work, tasks, done, progress=None, shared=()):
            super().run(make_work, list(tasks)[1:], done, progress, shared)

    with pytest.raises(S2DInputError, match='49 of 50 tasks are done'):
        benchmark_scale.measure(Losing(), 50)


def test_discovery_on_made_videos(tmp_path):
    benchmark_scale.write_videos(tmp_path, 1, 6)
    assert benchmark_scale.discover(tmp_path, 'out') > 0
    assert (tmp_path / 'out/video0.json').is_file()
    with pytest.raises(S2DInputError, match='discover_keymasks.py failed with code 2'):
        benchmark_scale.discover(tmp_path, 'videos')


def test_wrong_numbers(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['benchmark_scale', '--jobs', '0'])
    assert benchmark_scale.run_tool(benchmark_scale.main) == 2
    assert '--jobs and --batch: expected numbers of at least 1' in capsys.readouterr().err
