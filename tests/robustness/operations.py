"""Count what a process does to files, and end it at the n-th of these operations.

Operations are: opening for writing (twice: before, and when the file is there and empty), writing
(half of it arrives; the 1st, 2nd, 4th, 8th ... write of a file), renaming, removing, making
folders, links, truncating, and what libraries write from C: frames of a video, images,
checkpoints. Only what is below one folder counts, and logs do not.
"""

import builtins
import functools
import io
import os
import re
import signal
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Events, and where among their arguments are paths and the folders that these are relative to.
_EVENTS = {'os.rename': ((0, 2), (1, 3)), 'os.remove': ((0, 1),), 'os.mkdir': ((0, 2),),
           'os.rmdir': ((0, 1),), 'os.link': ((0, 2), (1, 3)), 'os.symlink': ((1, 2),),
           'os.truncate': ((0, None),)}


def count_operations(root: str, log: str, kill_at: int | None = None,
                     ignore: str | None = None) -> None:
    """Start counting in this process and its children.

    Args:
        root: Only paths below this folder count.
        log: File that gets a line per operation.
        kill_at: Number of the operation, from 1, at which the process kills itself and its
            children; None to count only.
        ignore: Pattern; paths (relative to ``root``) in which it is found do not count.
    """
    _Watch(Path(root).resolve(), log, kill_at, re.compile(ignore) if ignore else None).start()


class _Watch:
    """The counter of a process."""

    def __init__(self, root: Path, log: str, kill_at: int | None, ignore: re.Pattern | None):
        self._root, self._kill_at, self._ignore = root, kill_at, ignore
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._count = 0
        self._busy = False

    def start(self) -> None:
        sys.addaudithook(self._on_event)
        self._wrap_open()
        self._wrap_libraries()

    def happens(self, what: str, path, half: Callable[[], None] | None = None) -> None:
        """Count an operation on a path; at its turn do ``half`` of it and die."""
        name = self._relative(path)
        if self._busy or name is None:
            return
        self._count += 1
        os.write(self._log, f'{self._count} {what} {name}\n'.encode(errors='backslashreplace'))
        if self._count == self._kill_at:
            self._busy = True
            if half is not None:
                half()
            os.killpg(0, signal.SIGKILL)

    def _relative(self, path) -> str | None:
        """Return the path below the root, or None if it does not count."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        full = os.path.abspath(os.fsdecode(path))
        if not full.startswith(f'{self._root}{os.sep}'):
            return None
        name = os.path.relpath(full, self._root)
        return None if self._ignore is not None and self._ignore.search(name) else name

    def _on_event(self, event: str, args: tuple) -> None:
        if self._busy:
            return
        if event == 'open':
            path, _, flags = args
            if isinstance(flags, int) and flags & _WRITING and not _is_folder(path):
                self.happens('open', path)
                self.happens('just opened', path, lambda: _create(path, flags))
        elif event in _EVENTS:
            paths = [_join(args, *places) for places in _EVENTS[event]]
            chosen = next((path for path in paths if self._relative(path) is not None), None)
            self.happens(event, chosen)

    def _wrap_open(self) -> None:
        original = io.open

        @functools.wraps(original)
        def opened(file, mode='r', *args, **kwargs):
            result = original(file, mode, *args, **kwargs)
            path = _opened_path(result, file)
            if not set(mode) & set('wax+') or self._relative(path) is None:
                return result
            return _CountedFile(result, functools.partial(self.happens, 'write', path))

        builtins.open = io.open = opened
        # tempfile keeps a reference of its own
        tempfile._io = types.SimpleNamespace(**{**vars(tempfile._io), 'open': opened})

    def _wrap_libraries(self) -> None:
        import av
        import cv2
        import torch
        watch = self

        class CountedOutput:
            """PyAV's output, which is no file of Python's."""

            def __init__(self, path, container):
                self._path, self._container = path, container
                self._writes = 0

            def mux(self, packets):
                self._writes += 1
                if _is_power_of_two(self._writes):
                    watch.happens('av.mux', self._path)
                self._container.mux(packets)

            def close(self):
                watch.happens('av.close', self._path)
                self._container.close()
                watch.happens('av closed', self._path)

            def __getattr__(self, name):
                return getattr(self._container, name)

        av_open, cv2_imwrite, torch_save = av.open, cv2.imwrite, torch.save

        def opened(file, mode=None, *args, **kwargs):
            if mode != 'w':
                return av_open(file, mode, *args, **kwargs)
            self.happens('av.open', file)
            return CountedOutput(file, av_open(file, mode, *args, **kwargs))

        def imwrite(path, *args):
            self.happens('cv2.imwrite', path)
            self.happens('cv2.imwrite', path, lambda: _half(path, lambda: cv2_imwrite(path, *args)))
            return cv2_imwrite(path, *args)

        def save(content, target, *args, **kwargs):
            self.happens('torch.save', target)
            self.happens('torch.save', target, lambda: _half(
                target, lambda: torch_save(content, target, *args, **kwargs)))
            return torch_save(content, target, *args, **kwargs)

        av.open, cv2.imwrite, torch.save = opened, imwrite, save


class _CountedFile:
    """A file whose writes are counted; at the fatal one half of the data arrives."""

    def __init__(self, file, happens: Callable):
        self._file, self._happens = file, happens
        self._writes = 0

    def write(self, data):
        self._writes += 1
        if _is_power_of_two(self._writes):
            self._happens(lambda: self._write_half(data))
        return self._file.write(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def _write_half(self, data) -> None:
        data = data if isinstance(data, str) else bytes(data)
        self._file.write(data[:len(data) // 2])
        self._file.flush()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *error):
        return self._file.__exit__(*error)

    def __iter__(self):
        return iter(self._file)


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0


def _opened_path(file, given):
    """Return where a file is, also one that was opened by a number or an opener."""
    try:
        return os.readlink(f'/proc/self/fd/{file.fileno()}')
    except (OSError, ValueError, AttributeError):
        return given


def _is_folder(path) -> bool:
    return not isinstance(path, (str, bytes, os.PathLike)) or os.path.isdir(path)


def _join(args: tuple, path: int, folder: int | None):
    """Return the path among the arguments of an event, also one relative to an open folder."""
    name = args[path]
    if folder is None or args[folder] == -1 or not isinstance(name, (str, bytes, os.PathLike)):
        return name
    return os.path.join(os.readlink(f'/proc/self/fd/{args[folder]}'), os.fsdecode(name))


def _create(path, flags: int) -> None:
    """Do what opening does, and nothing after it."""
    os.close(os.open(path, flags, 0o600))


def _half(path, write: Callable[[], object]) -> None:
    """Write a file and cut it in half."""
    write()
    os.truncate(path, os.path.getsize(path) // 2)
