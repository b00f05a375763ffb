"""The plain engine, and engines by name."""

import argparse
import sys

import pytest
from engine_jobs import make_nothing, make_work, notes, tasks

from s2d_plugins.apis.command_line import add_engine_arguments, engine_of
from s2d_plugins.engines import LocalEngine, Task, build_engine
from s2d_plugins.errors import S2DInputError, S2DOutputError


def test_tasks_in_their_order_and_what_fails(tmp_path):
    outcomes, steps = [], []
    LocalEngine().run(lambda: make_work(tmp_path), iter(tasks(['a', 'bad', 'odd', 'b'])),
                      outcomes.append, lambda task, done, total: steps.append((task.name, done)))
    assert [(one.task.name, one.value, one.reason) for one in outcomes] == [
        ('a', 'A', None), ('bad', None, 'no frames'),
        ('odd', None, 'unexpected RuntimeError: out of luck'), ('b', 'B', None)]
    assert outcomes[2].trace[-1] == 'RuntimeError: out of luck' and not outcomes[1].trace
    assert steps == [('a', 1), ('a', 2), ('bad', 1), ('odd', 1), ('b', 1), ('b', 2)]
    assert len(list(tmp_path.glob('made-*'))) == 1


def test_a_full_disk_ends_the_run(tmp_path):
    outcomes = []
    with pytest.raises(S2DOutputError, match='No space left'):
        LocalEngine().run(lambda: make_work(tmp_path), tasks(['a', 'full', 'b']),
                          outcomes.append)
    assert [one.task.name for one in outcomes] == ['a']
    assert [name for name, _ in notes(tmp_path)] == ['a', 'full']


def test_ctrl_c_ends_the_run(tmp_path):
    def work(content, progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LocalEngine().run(lambda: work, [Task('a', None)], print)


def test_nothing_is_made_for_nothing():
    LocalEngine().run(make_nothing, [], print)
    with pytest.raises(S2DInputError, match='weights.pth: no such file'):
        LocalEngine().run(make_nothing, [Task('a', None)], print)


def test_tasks_are_drawn_one_at_a_time(tmp_path):
    drawn, seen = [], []

    def endless():
        for number in range(3):
            drawn.append(number)
            yield from tasks([f'a{number}'])

    LocalEngine().run(lambda: make_work(tmp_path), endless(),
                      lambda outcome: seen.append(len(drawn)))
    assert seen == [1, 2, 3]


def parsed(*argv, defaults=None):
    parser = argparse.ArgumentParser()
    add_engine_arguments(parser)
    return engine_of(parser.parse_args(argv), defaults)


@pytest.mark.parametrize(('argv', 'expected'), [
    (('--address', 'auto'), '--address is for --engine ray'),
    (('--num-gpus', '0.5'), '--num-gpus is for --engine ray'),
    (('--workers', '3'), '--workers is for --engine ray')])
def test_settings_of_a_cluster_need_one(argv, expected):
    with pytest.raises(S2DInputError, match=expected):
        parsed(*argv)


def test_without_ray_one_line_says_how_to_get_it(monkeypatch):
    assert isinstance(parsed(defaults=dict(num_gpus=0.5)), LocalEngine)
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(S2DInputError, match='--engine ray needs Ray .*pip install "ray'):
        parsed('--engine', 'ray')


@pytest.mark.parametrize('defaults', [3, dict(gpus=1)])
def test_wrong_settings_in_a_config(defaults):
    with pytest.raises(S2DInputError, match='engine: expected a dict of num_cpus'):
        parsed(defaults=defaults)


def test_no_such_engine():
    with pytest.raises(S2DInputError, match="expected name to be 'local' or 'ray'"):
        build_engine('dask')
