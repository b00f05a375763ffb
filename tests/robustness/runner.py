"""Run a tool in a forked child and say whether its end was a good one."""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .tools import MODULE_FOLDERS, ROOT, tool_path

SECONDS = 60
MEMORY_MB = 2048
#: The longest line that still is 'one clear line', in characters.
LONGEST_MESSAGE = 1000
_TAIL = 4000
_MOST_OUTPUT = 20_000_000
#: No threads, so that forking is safe; no GPU; the same order of sets each time.
_ENVIRONMENT = dict(OMP_NUM_THREADS='1', MKL_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1',
                    CUDA_VISIBLE_DEVICES='', PYTHONHASHSEED='0')
_FRAME = re.compile(r'^  File "([^"]+)", line (\d+), in (\S+)', re.MULTILINE)


@dataclass
class Outcome:
    """How a tool ended.

    Attributes:
        command: What was run, as one would type it.
        code: Exit code; negative for a signal.
        limit: ``'time'`` or ``'memory'`` where that was passed, else None.
        seconds: Wall time.
        peak_mb: Largest resident memory, in MB.
        stdout: What it printed.
        stderr: What it printed to standard error.
        problem: None if the end was a good one, else what was wrong with it.
    """

    command: str
    code: int
    limit: str | None
    seconds: float
    peak_mb: float
    stdout: str
    stderr: str
    problem: str | None = None

    @property
    def kind(self) -> str:
        """``'result'``, ``'message'`` or ``'FAILURE'``."""
        if self.problem:
            return 'FAILURE'
        return 'message' if self.code == 2 else 'result'

    @property
    def tail(self) -> str:
        """Return the end of what was printed."""
        return f'{self.stdout[-_TAIL // 4:]}\n{self.stderr[-_TAIL:]}'.strip()

    @property
    def cause(self) -> str:
        """What failures with the same origin share: the error and where it was raised."""
        if not self.problem:
            return ''
        if not self.problem.startswith('traceback'):
            return re.sub(r'\d{2,}', 'N', self.problem[:90])
        frames = _FRAME.findall(self.stdout + self.stderr)
        own = [frame for frame in frames if frame[0].startswith(str(ROOT / 's2d_plugins'))]
        kind = re.match(r'traceback: [\w.]+', self.problem)
        text = kind[0] if kind else self.problem[:60]
        for file, line, function in (*own[-1:], *frames[-1:]):
            place = '/'.join(Path(file).parts[-3:]) + f':{line} {function}'
            text += '' if place in text else f' from {place}'
        return text


class ToolServer:
    """A fresh process that forks for each run; use as a context manager."""

    def __enter__(self) -> 'ToolServer':
        path = os.pathsep.join(map(str, (ROOT, *MODULE_FOLDERS)))
        notes = tempfile.TemporaryFile('w+', errors='backslashreplace')
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'tests.robustness.server'], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=notes,
            env={**os.environ, **_ENVIRONMENT, 'PYTHONPATH': path})
        with notes:
            if self._process.stdout.readline() != 'ready\n':
                notes.seek(0)
                raise RuntimeError(f'the server process did not start:\n{notes.read()[-_TAIL:]}')
        return self

    def __exit__(self, *error) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=2 * SECONDS)

    def run(self, tool: str, args: Sequence[str], folder: Path, seconds: float = SECONDS,
            memory_mb: float = MEMORY_MB, watch: dict | None = None) -> Outcome:
        """Run a tool in ``folder/work``; see :func:`judge`.

        Args:
            tool: One of :data:`~.tools.TOOLS`, or a script.
            args: Its arguments; paths are relative to ``folder/work``.
            folder: Also takes the output and a folder for temporary files.
            seconds: Wall limit.
            memory_mb: Limit of resident memory.
            watch: Arguments of :func:`~.operations.count_operations`, if it is to be used.
        """
        folder = Path(folder).resolve()
        for name in ('tmp', 'home'):
            (folder / name).mkdir(exist_ok=True)
        script = Path(tool) if tool.endswith('.py') else tool_path(tool)
        request = dict(
            tool=str(script), args=list(map(str, args)), cwd=str(folder / 'work'),
            stdout=str(folder / 'stdout'), stderr=str(folder / 'stderr'), seconds=seconds,
            memory_mb=memory_mb, watch=watch, module_folders=list(map(str, MODULE_FOLDERS)),
            env=dict(TMPDIR=str(folder / 'tmp'), HOME=str(folder / 'home'),
                     TORCHINDUCTOR_CACHE_DIR=str(folder / 'home')))
        self._process.stdin.write(json.dumps(request) + '\n')
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        outcome = Outcome(
            command=shlex.join(['python', str(script.relative_to(ROOT) if script.is_relative_to(
                ROOT) else script), *map(str, args)]),
            code=answer['code'], limit=answer['limit'], seconds=answer['seconds'],
            peak_mb=answer['peak_mb'], stdout=_read(folder / 'stdout'),
            stderr=_read(folder / 'stderr'))
        outcome.problem = judge(outcome, good_codes(tool))
        if outcome.problem is None and answer['left_running']:
            outcome.problem = 'left processes running'
        return outcome


@contextlib.contextmanager
def tool_servers(count: int) -> Iterator[list[ToolServer]]:
    """Start several servers at a time."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(ToolServer()) for _ in range(count)]


def good_codes(tool: str) -> tuple[int, ...]:
    """Exit codes that mean: here is the result."""
    return (0, 1) if tool == 'validate_labels' else (0,)


def judge(outcome: Outcome, results: Sequence[int]) -> str | None:
    """Say what is wrong with an end; None if nothing is.

    Good ends are a result, or code 2 with either one line ``error: ...`` on standard error or
    lines for the videos that failed.
    """
    text = outcome.stdout + outcome.stderr
    if outcome.limit is not None:
        return {'time': 'hang: ended at the time limit',
                'memory': f'memory: {outcome.peak_mb:.0f} MB'}[outcome.limit]
    if outcome.code < 0:
        return f'signal {-outcome.code}'
    if 'Traceback (most recent call last)' in text or 'Exception ignored' in text:
        return f'traceback: {_raised(text)}'
    if outcome.code in results:
        return None
    if outcome.code != 2:
        return f'exit code {outcome.code}'
    errors = [line for line in outcome.stderr.splitlines() if line.startswith('error: ')]
    failed = [line for line in text.splitlines() if line.startswith('failed: ')]
    if len(errors) > 1 or not errors + failed:
        return f'exit code 2 with {len(errors)} error lines'
    if len(longest := max(errors + failed, key=len)) > LONGEST_MESSAGE:
        return f'unclear: a line of {len(longest)} characters'
    if errors and len(errors[0]) < len('error: ') + 15:
        return f'unclear: {errors[0]!r}'
    return None


def _raised(text: str) -> str:
    """Return the line that ends the last traceback."""
    lines = text.rpartition('Traceback (most recent call last)')[2].splitlines()[1:]
    for line in lines:
        if line.strip() and not line.startswith(' '):
            return line[:200]
    return 'unknown'


def _read(path: Path) -> str:
    with path.open('rb') as file:
        return file.read(_MOST_OUTPUT).decode(errors='backslashreplace')
