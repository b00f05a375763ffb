"""Tasks on a Ray cluster: a pool of actors, each of which makes the work once.

Ray restarts actors and repeats their calls by itself (``max_restarts``, ``max_task_retries``), but
a call of an actor whose node is gone then waits for room on another node, though other actors are
idle. So lost actors are replaced here, and their tasks go to whoever is free.
"""

import contextlib
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from tqdm import tqdm

from ..arguments import check_count, check_number
from ..errors import S2DInputError, S2DUnexpectedError, one_line, shortened, unexpected
from ..fileio.whole_files import scratch_file
from .base import Engine, MakeWork, Outcome, Task, Work, do_task, raise_if_fatal

INSTALL = 'pip install "ray>=2.9"'
_CONNECT_SECONDS = 5
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 30.0
_MOST_CRASHES = 2
_MOST_FAILED_STARTS = 3


class RayEngine(Engine):
    """Does tasks in a pool of actors on a cluster, or on this machine alone.

    Lost workers and nodes are replaced and their tasks done by others, new nodes get workers. A
    task that ends its worker twice, as by a crash or a lack of memory, has failed.

    Args:
        address: ``'auto'``, ``'HOST:PORT'`` or ``'ray://HOST:PORT'`` of a running cluster; None
            starts Ray on this machine for the run.
        num_cpus: Cores of a worker; may be a fraction.
        num_gpus: GPUs of a worker; may be a fraction. None takes one where the cluster has GPUs.
        workers: At most so many; None takes as many as the cluster has room for, also when nodes
            come and go.
        batch: Tasks that a worker gets at once; more than one is for tasks of milliseconds.

    Raises:
        S2DInputError: If Ray is not installed, or a setting is out of its range.
    """

    def __init__(self, address: str | None = None, num_cpus: float | None = None,
                 num_gpus: float | None = None, workers: int | None = None,
                 batch: int | None = None):
        num_cpus = 1.0 if num_cpus is None else num_cpus
        batch = 1 if batch is None else batch
        check_number(self, above=0, num_cpus=num_cpus)
        check_number(self, low=0, optional=True, num_gpus=num_gpus)
        check_count(self, optional=True, workers=workers)
        check_count(self, batch=batch)
        self.ray = _import_ray()
        self.address, self.num_cpus, self.num_gpus = address, num_cpus, num_gpus
        self.workers, self.batch = workers, batch

    def run(self, make_work: MakeWork, tasks: Iterable[Task], done: Callable[[Outcome], None],
            progress: Callable[[Task, int, int], None] | None = None,
            shared: Sequence[Path] = ()) -> None:
        """See :meth:`Engine.run`; steps within a task are not told.

        Raises:
            S2DInputError: Also if the cluster does not answer or has not what a worker needs.
        """
        tasks = iter(tasks)
        first = list(islice(tasks, 1))
        if not first:
            return
        with self._cluster() as num_gpus, contextlib.ExitStack() as stack:
            marks = [stack.enter_context(scratch_file(Path(folder).resolve() / 'cluster'))
                     for folder in shared]
            _Run(self, num_gpus, make_work, deque(first), tasks, done, marks).finish()

    @contextlib.contextmanager
    def _cluster(self) -> Iterator[float]:
        """Join or start a cluster; gives the GPUs of a worker."""
        ray, started = self.ray, not self.ray.is_initialized()
        if started:
            _check_answers(self.address)
            # on this machine workers import what this process can import
            own = None if self.address else dict(env_vars=dict(PYTHONPATH=os.pathsep.join(
                path for path in sys.path if path)))
            try:
                with _without_native_lines():
                    context = ray.init(address=self.address, log_to_driver=False,
                                       logging_level='ERROR', runtime_env=own)
            except Exception as error:
                raise S2DInputError(f'cannot join the Ray cluster at {self.address or "this host"} '
                                    f'({one_line(error)}); start one with `ray start --head`, or '
                                    'correct --address') from error
            url = getattr(context, 'dashboard_url', None)
            tqdm.write(f'Ray: {_summary(ray)}' + (f', dashboard at http://{url}' if url else ''),
                       file=sys.stderr)
        try:
            yield self._check_resources()
        finally:
            if started:
                ray.shutdown()

    def _check_resources(self) -> float:
        """Return the GPUs of a worker, once it is clear that some node has room for one."""
        nodes = [node['Resources'] for node in self.ray.nodes() if node['Alive']]
        num_gpus = self.num_gpus
        if num_gpus is None:
            num_gpus = float(any(node.get('GPU', 0) >= 1 for node in nodes))
        for name, needed in (('GPU', num_gpus), ('CPU', self.num_cpus)):
            most = max((node.get(name, 0) for node in nodes), default=0)
            if most < needed:
                raise S2DInputError(f'a worker needs {needed:g} {name}s, and the largest node of '
                                    f'the cluster has {most:g}; lower --num-{name.lower()}s, or '
                                    'add nodes')
        return num_gpus


@dataclass
class _Worker:
    """An actor, and the tasks that it is at; none while it starts."""

    actor: Any
    node: str | None = None
    batch: list[tuple[Task, int]] = field(default_factory=list)


class _Run:
    """One run of an engine over a cluster."""

    def __init__(self, engine: RayEngine, num_gpus: float, make_work: MakeWork,
                 first: deque[Task], tasks: Iterator[Task], done: Callable[[Outcome], None],
                 marks: Sequence[Path]):
        self.engine, self.ray, self.done = engine, engine.ray, done
        self.num_gpus = num_gpus
        self.tasks, self.exhausted = tasks, False
        #: Tasks to be done next, and how often each has ended its worker.
        self.again: deque[tuple[Task, int]] = deque((task, 0) for task in first)
        self.busy: dict[Any, _Worker] = {}
        self.idle: list[_Worker] = []
        self.failed_starts, self.looked, self.got_worker = 0, 0.0, time.monotonic()
        self.said_waiting = False
        self.arguments = self.ray.put((make_work, [str(mark) for mark in marks]))
        self.actor_class = self.ray.remote(Actor)

    def finish(self) -> None:
        """Do all tasks."""
        try:
            while self._has_work() or any(worker.batch for worker in self.busy.values()):
                self._add_workers()
                self._give_out()
                self._wait()
        finally:
            for worker in (*self.idle, *self.busy.values()):
                with contextlib.suppress(Exception):
                    self.ray.kill(worker.actor)

    def _has_work(self) -> bool:
        return bool(self.again) or self._draw()

    def _draw(self) -> bool:
        """Take one more task; says whether there was one."""
        if not self.exhausted:
            found = next(self.tasks, None)
            if found is not None:
                self.again.append((found, 0))
                return True
            self.exhausted = True
        return False

    def _next_batch(self) -> list[tuple[Task, int]]:
        """Take tasks for one worker; one that ended a worker goes alone."""
        batch: list[tuple[Task, int]] = []
        while len(batch) < self.engine.batch and self._has_work():
            if self.again[0][1] and batch:
                break
            batch.append(self.again.popleft())
            if batch[-1][1]:
                break
        return batch

    def _add_workers(self) -> None:
        """Start as many workers as there is room and work for."""
        if time.monotonic() - self.looked < _LOOK_SECONDS and (self.idle or self.busy):
            return
        self.looked = time.monotonic()
        room = self._room()
        while len(self.again) < room and self._draw():
            pass
        starting = sum(worker.node is None for worker in self.busy.values())
        for _ in range(min(room - len(self.idle) - len(self.busy),
                           len(self.again) - len(self.idle) - starting)):
            actor = self.actor_class.options(
                num_cpus=self.engine.num_cpus, num_gpus=self.num_gpus).remote(self.arguments)
            worker = _Worker(actor)
            self.busy[actor.ready.remote()] = worker

    def _room(self) -> int:
        total = self.ray.cluster_resources()
        room = total.get('CPU', 0) // self.engine.num_cpus
        if self.num_gpus:
            room = min(room, total.get('GPU', 0) // self.num_gpus)
        return max(1, int(min(room, self.engine.workers or room)))

    def _give_out(self) -> None:
        while self.idle and self._has_work():
            worker = self.idle.pop()
            worker.batch = self._next_batch()
            call = worker.actor.do.remote([task for task, _ in worker.batch])
            self.busy[call] = worker

    def _wait(self) -> None:
        ready, _ = self.ray.wait(list(self.busy), num_returns=1, timeout=_LOOK_SECONDS)
        for call in ready:
            worker = self.busy.pop(call)
            try:
                found = self.ray.get(call)
            except self.ray.exceptions.RayTaskError as error:
                raise S2DUnexpectedError(f'{unexpected(error)} in a worker') from error
            except self.ray.exceptions.RayError as error:
                self._lost(worker, error)
            else:
                self._take(worker, found)
        if self.idle or any(worker.node for worker in self.busy.values()):
            self.got_worker = time.monotonic()
        elif not self.said_waiting and time.monotonic() - self.got_worker > _PATIENCE_SECONDS:
            self.said_waiting = True
            tqdm.write('waiting for a node with room for a worker '
                       f'({self.engine.num_cpus:g} CPUs, {self.num_gpus:g} GPUs)',
                       file=sys.stderr)

    def _take(self, worker: _Worker, found: Any) -> None:
        if worker.batch:
            worker.batch = []
            for outcome in found:
                raise_if_fatal(outcome)
                self.done(outcome)
        else:
            worker.node, problem = found
            if problem is not None:
                raise S2DInputError(f'{problem} (on the node {worker.node})')
            self.failed_starts, self.said_waiting = 0, False
        self.idle.append(worker)

    def _lost(self, worker: _Worker, error: Exception) -> None:
        """Put the tasks of a lost worker back, or count them as failed."""
        self.looked = 0.0  # a new one may be started at once
        if not worker.batch:
            self.failed_starts += 1
            if self.failed_starts >= _MOST_FAILED_STARTS:
                raise S2DUnexpectedError(f'no worker starts: {one_line(error)}') from error
            return
        alive = any(node['Alive'] and node['NodeID'] == worker.node
                    for node in self.ray.nodes())
        for task, crashes in worker.batch:
            crashes += alive  # a lost node is no task's fault
            if crashes >= _MOST_CRASHES:
                self.done(Outcome(task, reason=f'it has ended its worker {crashes} times, as by a '
                                  f'crash or a lack of memory ({_cause(error)})'))
            else:
                self.again.appendleft((task, crashes))


class Actor:
    """What runs on the cluster: makes the work once and does tasks.

    Args:
        arguments: What makes the work, and files that this machine must see.
    """

    def __init__(self, arguments: tuple[MakeWork, list[str]]):
        self.make_work, self.marks = arguments
        self.work: Work | None = None

    def ready(self) -> tuple[str, str | None]:
        """Make the work; returns the node, and what is wrong with it or the work, if anything."""
        import ray
        node = ray.get_runtime_context().get_node_id()
        for mark in self.marks:
            if not os.path.exists(mark):
                return node, (f'{socket.gethostname()} does not see {os.path.dirname(mark)}; '
                              'give a folder that all nodes share')
        try:
            self.work = self.make_work()
        except S2DInputError as error:
            return node, one_line(error)
        except Exception as error:  # noqa: BLE001  told where the run is
            return node, unexpected(error)
        return node, None

    def do(self, tasks: list[Task]) -> list[Outcome]:
        """Do tasks, one after the other."""
        assert self.work is not None
        return [do_task(self.work, task, _nobody) for task in tasks]


def _nobody(done: int, total: int) -> None:
    """Take progress that nobody is told of."""


def _import_ray() -> ModuleType:
    try:
        import ray
    except ImportError as error:
        raise S2DInputError(f'--engine ray needs Ray ({one_line(error)}); install it with '
                            f'`{INSTALL}`') from error
    return ray


def _check_answers(address: str | None) -> None:
    """Say at once that nothing listens at an address, where Ray would try for minutes."""
    if address in (None, 'auto', 'local'):
        return
    host, _, port = str(address).removeprefix('ray://').rpartition(':')
    if not host or not port.isdecimal() or int(port) > 65535:
        raise S2DInputError(f'--address: expected auto, HOST:PORT or ray://HOST:PORT, found '
                            f'{address}; correct it')
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise S2DInputError(f'no Ray cluster answers at {address} ({one_line(error)}); start one '
                            'with `ray start --head`, or correct --address') from error


@contextlib.contextmanager
def _without_native_lines() -> Iterator[None]:
    """Keep what native code writes to standard error away: a line a second while it connects."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with open(os.devnull, 'w') as nothing:
        sys.stderr.flush()
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _summary(ray: ModuleType) -> str:
    total = ray.cluster_resources()
    nodes = sum(node['Alive'] for node in ray.nodes())
    return (f'{nodes} node{"s" * (nodes != 1)}, {total.get("CPU", 0):g} CPUs, '
            f'{total.get("GPU", 0):g} GPUs')


def _cause(error: Exception) -> str:
    """Return the first line of what Ray says of a lost worker."""
    return shortened(next((line.strip() for line in str(error).splitlines() if line.strip()),
                          type(error).__name__), 120)
