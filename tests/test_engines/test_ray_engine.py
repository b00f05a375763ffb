"""A pool of actors: on this machine, and on a cluster whose nodes come and go."""

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from functools import partial

import pytest
from engine_jobs import die_at_once, make_nothing, make_work, make_worse, notes, tasks

ray = pytest.importorskip('ray')

from ray.cluster_utils import Cluster  # noqa: E402, I001

from s2d_plugins.engines import build_engine  # noqa: E402
from s2d_plugins.errors import (  # noqa: E402
    S2DInputError,
    S2DOutputError,
    S2DUnexpectedError,
)


@pytest.fixture(scope='module')
def cluster():
    """Two nodes of one core."""
    paths = os.pathsep.join(path for path in __import__('sys').path if path)
    before = os.environ.get('PYTHONPATH')
    os.environ['PYTHONPATH'] = paths
    made = Cluster(initialize_head=True, head_node_args=dict(num_cpus=1))
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False, logging_level='ERROR')
    yield made
    ray.shutdown()
    made.shutdown()
    if before is None:
        del os.environ['PYTHONPATH']
    else:
        os.environ['PYTHONPATH'] = before


def run(folder, names, seconds=0.0, **settings):
    outcomes = []
    build_engine('ray', **settings).run(partial(make_work, str(folder), seconds),
                                        iter(tasks(names)), outcomes.append, shared=[folder])
    return {one.task.name: one for one in outcomes}, outcomes


def results(folder):
    return {path.stem: json.loads(path.read_text()) for path in folder.glob('*.json')}


def expected(names):
    return {name: dict(name=name) for name in names}


def test_two_nodes_do_all_once_each_making_its_work_once(cluster, tmp_path):
    names = [f'a{number}' for number in range(12)]
    found, outcomes = run(tmp_path, names, 0.05)
    assert results(tmp_path) == expected(names) and len(outcomes) == 12
    assert {one.value for one in outcomes} == {name.upper() for name in names}
    assert Counter(name for name, _ in notes(tmp_path)) == {name: 1 for name in names}
    assert len({pid for _, pid in notes(tmp_path)}) == 2
    assert len(list(tmp_path.glob('made-*'))) == 2
    assert not list(tmp_path.glob('.s2d-*'))


def test_what_fails_does_not_stop_the_others(cluster, tmp_path):
    found, _ = run(tmp_path, ['a', 'bad', 'odd', 'b'])
    assert set(results(tmp_path)) == {'a', 'b'}
    assert found['bad'].reason == 'no frames' and found['a'].reason is None
    assert found['odd'].reason == 'unexpected RuntimeError: out of luck'
    assert found['odd'].trace[-1] == 'RuntimeError: out of luck'


def test_what_ends_its_worker_twice_is_a_failure(cluster, tmp_path):
    found, _ = run(tmp_path, ['killer', *'abcd', 'once'])
    assert set(results(tmp_path)) == {*'abcd', 'once'}
    assert 'it has ended its worker 2 times' in found['killer'].reason
    assert Counter(name for name, _ in notes(tmp_path)) == dict(
        killer=2, once=2, a=1, b=1, c=1, d=1)


def test_in_batches_the_one_that_ends_its_worker_is_found(cluster, tmp_path):
    names = [*'abc', 'killer', *'defg']
    found, _ = run(tmp_path, names, batch=4)
    assert set(results(tmp_path)) == {*'abcdefg'} and found['killer'].reason is not None
    assert [name for name in found if found[name].reason] == ['killer']


def test_a_killed_worker_loses_nothing(cluster, tmp_path):
    def kill():
        while not (tmp_path / 'notes').exists():
            time.sleep(0.02)
        os.kill(int(notes(tmp_path)[0][1]), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    names = [f'a{number}' for number in range(8)]
    found, outcomes = run(tmp_path, names, 0.3)
    thread.join()
    assert results(tmp_path) == expected(names) and len(outcomes) == 8
    assert all(one.reason is None for one in outcomes)


def test_nodes_that_go_and_come_lose_nothing(cluster, tmp_path):
    first = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    names, outcomes = [], []

    def workers():
        return {pid for _, pid in notes(tmp_path)} if (tmp_path / 'notes').exists() else set()

    def until_all_have_worked():
        while len(names) < 24 or (len(workers()) < 4 and len(names) < 500):
            names.append(f'a{len(names)}')
            yield names[-1]

    thread = threading.Thread(target=lambda: outcomes.extend(
        run(tmp_path, until_all_have_worked(), 0.3)[1]))
    thread.start()
    while len(workers()) < 3:
        time.sleep(0.02)
    cluster.remove_node(first, allow_graceful=False)
    second = cluster.add_node(num_cpus=1)
    thread.join()
    cluster.remove_node(second)
    assert results(tmp_path) == expected(names) and len(outcomes) == len(names)
    assert all(one.reason is None for one in outcomes)
    assert len(workers()) == 4  # three, and the new node's


def test_a_full_disk_ends_the_run(cluster, tmp_path):
    with pytest.raises(S2DOutputError, match='No space left'):
        run(tmp_path, ['a', 'full', *'bcdefgh'], 0.2)


@pytest.mark.parametrize(('make', 'error', 'message'), [
    (make_nothing, S2DInputError, 'weights.pth: no such file .on the node'),
    (make_worse, S2DInputError, 'unexpected KeyError: .*nobody foresaw it'),
    (die_at_once, S2DUnexpectedError, 'no worker starts: ')])
def test_work_that_cannot_be_made(cluster, make, error, message):
    with pytest.raises(error, match=message):
        build_engine('ray').run(make, tasks('ab'), print)


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(num_gpus=1), 'a worker needs 1 GPUs, and the largest node of the cluster has 0; lower '
                       '--num-gpus, or add nodes'),
    (dict(num_cpus=64), 'a worker needs 64 CPUs, and the largest node of the cluster has')])
def test_what_the_cluster_has_not_is_said_at_once(cluster, tmp_path, settings, message):
    with pytest.raises(S2DInputError, match=message):
        run(tmp_path, 'a', **settings)


def test_a_folder_that_nodes_do_not_see(cluster, tmp_path, monkeypatch):
    from s2d_plugins.engines import ray_engine
    elsewhere = tmp_path / 'not mounted'
    monkeypatch.setattr(ray_engine, 'scratch_file', lambda path: __import__(
        'contextlib').nullcontext(elsewhere / 'mark'))
    with pytest.raises(S2DInputError, match=f'{socket.gethostname()} does not see .*not mounted; '
                                            'give a folder that all nodes share'):
        run(tmp_path, 'a')


def test_tasks_wait_until_there_is_somebody(cluster, tmp_path):
    """Of a million tasks few are drawn before the first are done."""
    drawn, ahead = [], []

    def many():
        for number in range(40):
            drawn.append(number)
            yield from tasks([f'a{number}'])

    done = []

    def note(outcome):
        done.append(outcome)
        ahead.append(len(drawn) - len(done))

    build_engine('ray').run(partial(make_work, str(tmp_path)), many(), note)
    assert len(done) == 40 and max(ahead) <= 5


@pytest.mark.parametrize(('address', 'message'), [
    ('127.0.0.1:1', 'no Ray cluster answers at 127.0.0.1:1'),
    ('nonsense', '--address: expected auto, HOST:PORT or ray://HOST:PORT, found nonsense'),
    ('host:99999', '--address: expected auto')])
def test_addresses_that_do_not_answer(monkeypatch, tmp_path, address, message):
    monkeypatch.setattr(ray, 'is_initialized', lambda: False)
    with pytest.raises(S2DInputError, match=message):
        run(tmp_path, 'a', address=address)


@pytest.mark.parametrize('settings', [dict(num_cpus=0), dict(num_gpus=-1), dict(workers=0),
                                      dict(batch=0), dict(batch=1.5)])
def test_wrong_settings(settings):
    name, = settings
    with pytest.raises(S2DInputError, match=f'RayEngine: expected {name} to be'):
        build_engine('ray', **settings)
