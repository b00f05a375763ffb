"""The benchmark counts what it says."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'projects/s2d/benchmarks'))
import benchmark_discovery  # noqa: E402


def test_one_row_per_setting_and_one_for_the_reference(capsys, monkeypatch):
    monkeypatch.setattr(benchmark_discovery, 'SIZE', (240, 320))
    assert benchmark_discovery.main(['--frames', '6', '--masks', '2',
                                     '--reference-masks', '5']) == 0
    ours, reference = capsys.readouterr().out.splitlines()[-2:]
    assert ours.split()[:3] == ['T=6', 'masks=2', '1']
    # two calls for each of at most 2 x 6 masks
    assert reference.split()[0] == 'reference' and 2 <= int(reference.split()[1]) <= 24


def test_time_in_an_inner_part_counts_once():
    clock = benchmark_discovery.Clock()
    with clock.part('count'), clock.part('flow'):
        sum(range(200_000))
    assert clock.seconds['flow'] > 10 * clock.seconds['count']
