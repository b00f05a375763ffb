"""Work for engines, in a module that workers on other nodes can import too."""

import os
import signal
import time
from functools import partial
from pathlib import Path

from s2d_plugins.engines import Task
from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.fileio.whole_files import write_json


def tasks(names, **content):
    return [Task(name, dict(name=name, **content)) for name in names]


def make_work(folder, seconds=0.0):
    """Work that notes who did what, takes its time, and writes ``<name>.json``."""
    (Path(folder) / f'made-{os.getpid()}').touch()
    return partial(_work, Path(folder), seconds)


def _work(folder, seconds, content, progress):
    name = content['name']
    with open(folder / 'notes', 'a') as file:
        file.write(f'{name} {os.getpid()}\n')
    progress(1, 2)
    if name.startswith('bad'):
        raise S2DInputError('no frames')
    if name.startswith('odd'):
        raise RuntimeError('out of luck')
    if name.startswith('full'):
        raise S2DOutputError('cannot write: No space left on device')
    if name.startswith('killer') or (name.startswith('once') and not (folder / name).exists()):
        (folder / name).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(seconds)
    progress(2, 2)
    write_json(folder / f'{name}.json', dict(name=name))
    return name.upper()


def make_nothing():
    raise S2DInputError('weights.pth: no such file')


def make_worse():
    raise KeyError('nobody foresaw it')


def die_at_once():
    os.kill(os.getpid(), signal.SIGKILL)


def notes(folder):
    return [line.split() for line in (Path(folder) / 'notes').read_text().splitlines()]
