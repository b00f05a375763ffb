"""A process that has imported everything heavy and runs each tool in a forked child.

One request per line on standard input, one answer per line on standard output, both JSON. See
:mod:`.runner` for the other side. Nothing here starts a thread, so that forking is safe.
"""

import atexit
import json
import os
import runpy
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import psutil

_WATCH_SECONDS = 0.02
_GRACE_SECONDS = 5


def import_heavy_modules() -> None:
    """Import what tools import, and keep every library to one thread."""
    import cv2
    import torch
    import torch._dynamo
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    import skimage.segmentation  # noqa: F401
    import sklearn.cluster  # noqa: F401

    for module in ('registry', 'apis.pipeline', 'apis.runner_tools', 'apis.inferencer',
                   'pipeline', 'dataset_converters', 'model_converters', 'evaluation',
                   'keymasks'):
        try:
            __import__(f's2d_plugins.{module}')
        except ModuleNotFoundError as error:
            if not str(error.name).startswith('s2d_plugins'):
                raise
    import mmdet.evaluation
    import mmdet.models  # noqa: F401


def serve() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    import_heavy_modules()
    answers.write('ready\n')
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(run_request(json.loads(line))) + '\n')
        answers.flush()


def run_request(request: dict) -> dict:
    """Fork, watch the child and say how it ended."""
    assert threading.active_count() == 1
    pid = os.fork()
    if pid == 0:
        _run_in_child(request)
    return _watch(pid, request['seconds'], request['memory_mb'] * 2**20)


def _watch(pid: int, seconds: float, memory: int) -> dict:
    start, limit, peak = time.monotonic(), None, 0
    descriptor = os.pidfd_open(pid)
    try:
        while not select.select([descriptor], [], [], _WATCH_SECONDS)[0]:
            peak = max(peak, _resident(pid))
            if peak > memory or time.monotonic() - start > seconds:
                limit = 'memory' if peak > memory else 'time'
                _kill_group(pid)
                select.select([descriptor], [], [], _GRACE_SECONDS)
                break
    finally:
        os.close(descriptor)
    _, status, usage = os.wait4(pid, 0)
    left_running = _kill_group(pid)
    peak = max(peak, usage.ru_maxrss * 1024)
    if limit is None and peak > memory:
        limit = 'memory'
    return dict(code=os.waitstatus_to_exitcode(status), limit=limit, left_running=left_running,
                seconds=time.monotonic() - start, peak_mb=peak / 2**20)


def _resident(pid: int) -> int:
    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.Error:  # it has just ended
        pass
    return total


def _kill_group(pid: int) -> bool:
    """Kill what the child has started; returns whether anything was still there."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _run_in_child(request: dict) -> None:
    """Be the tool; never returns."""
    code = 70
    try:
        os.setsid()
        _redirect(request)
        os.chdir(request['cwd'])
        os.environ.update(request['env'])
        tempfile.tempdir = None  # the place that the server found is not the child's
        tool = request['tool']
        sys.argv = [tool, *request['args']]
        sys.path[:0] = [str(Path(tool).parent), *request['module_folders']]
        if request.get('watch'):
            from tests.robustness.operations import count_operations
            count_operations(**request['watch'])
        code = _run_tool(tool)
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _redirect(request: dict) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, descriptor in ((0, os.open(os.devnull, os.O_RDONLY)),
                               (1, os.open(request['stdout'], flags)),
                               (2, os.open(request['stderr'], flags))):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, 'w', closefd=False)
    sys.stderr = os.fdopen(2, 'w', closefd=False, errors='backslashreplace')
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr


def _run_tool(tool: str) -> int:
    """Run the script as ``python tool`` does; returns the exit code."""
    try:
        runpy.run_path(tool, run_name='__main__')
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xff
        sys.stderr.write(f'{error.code}\n')
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == '__main__':
    serve()
