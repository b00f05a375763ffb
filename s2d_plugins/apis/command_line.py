"""What every tool does with errors, interrupts, outputs and videos that fail.

Importing it takes next to no time, so that :func:`run_tool` is there when Ctrl-C comes early; a
tool imports what is heavy inside of it.
"""

import argparse
import contextlib
import io
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..devices import DEVICES, choose_device  # noqa: F401  tools take both from here
from ..errors import (
    DISK_ERRORS,
    S2DInputError,
    S2DOutputError,
    S2DUnexpectedError,
    full_disk,
    one_line,
    printable,
    shortened,
    unexpected,
    was_interrupted,
)
from .interrupts import no_interrupt_lost

EXIT_UNEXPECTED = 1
EXIT_INPUT_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
#: Set to 1, it shows where an error arose.
TRACEBACK_VARIABLE = 'S2D_TRACEBACK'


def run_tool(main: Callable[[], int | None],
             on_interrupt: str = 'interrupted; run the same command again') -> int:
    """Run a tool's ``main`` and return the exit code; whatever happens is told in one line.

    * A mistake of the user's, a full disk, a missing permission: ``error: ...`` and code 2.
    * Ctrl-C: code 130.
    * An error that nobody foresaw: ``error: unexpected TypeError: ...`` and code 1. Its traceback
      goes to the log file of the run where there is one (training, testing, the pipeline), and the
      line names that file; else the line names ``S2D_TRACEBACK=1``, with which any error shows its
      traceback on standard error.

    A tool run by several processes that fails in one of them also ends so. While it runs, a log
    file that cannot be written (any more) does not bring a traceback for every line.

    Args:
        main: Returns the exit code, or None for 0.
        on_interrupt: The line for Ctrl-C.
    """
    raising, logging.raiseExceptions = logging.raiseExceptions, _shows_tracebacks()
    try:
        with no_interrupt_lost():
            return _run_and_tell(main, on_interrupt)
    except KeyboardInterrupt:  # a second one, while the first was told
        return _tell_interrupt(on_interrupt)
    finally:
        logging.raiseExceptions = raising


def _run_and_tell(main: Callable[[], int | None], on_interrupt: str) -> int:
    try:
        return main() or 0
    except KeyboardInterrupt:
        return _tell_interrupt(on_interrupt)
    except BrokenPipeError:  # the reader of a pipe has had enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except Exception as error:
        return _tell_interrupt(on_interrupt) if was_interrupted(error) else _tell(error)


def _tell_interrupt(line: str) -> int:
    print(f'\n{line}', file=sys.stderr)
    return EXIT_INTERRUPTED


def _tell(error: Exception) -> int:
    if _shows_tracebacks():
        traceback.print_exception(error)
    if isinstance(error, S2DInputError):
        line, code = one_line(error), EXIT_INPUT_ERROR
    elif isinstance(error, S2DUnexpectedError):
        line, code = one_line(error), EXIT_UNEXPECTED
    elif lack := _lacking(error):
        line = one_line(f'cannot use {lack.filename or "a file"}: {lack.strerror}; free space, or '
                        'check the path and its permissions')
        code = EXIT_INPUT_ERROR
    else:
        log = log_traceback(error)
        where = f'the traceback is in {log}' if log else (
            f'run it with {TRACEBACK_VARIABLE}=1 to see the traceback')
        line, code = f'{unexpected(error)}; {where}', EXIT_UNEXPECTED
    print(f'error: {line}', file=sys.stderr)
    return code


def _lacking(error: Exception) -> OSError | None:
    """Return the error of the system behind an error that no program can help."""
    return error if isinstance(error, OSError) and error.errno in DISK_ERRORS else full_disk(error)


def _shows_tracebacks() -> bool:
    return os.environ.get(TRACEBACK_VARIABLE, '') not in ('', '0')


def log_traceback(error: BaseException) -> str | None:
    """Write a traceback to the log file of mmengine's current logger; returns its path."""
    module = sys.modules.get('mmengine.logging')
    if module is None:
        return None
    text = ''.join(traceback.format_exception(error))
    record = logging.LogRecord('mmengine', logging.ERROR, __file__, 0, text, None, None)
    for handler in module.MMLogger.get_current_instance().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(record)
            return handler.baseFilename
    return None


def prepare_outputs(inputs: Iterable[str | Path | None], files: Iterable[str | Path | None] = (),
                    folders: Iterable[str | Path | None] = (),
                    owned: Iterable[str | Path | None] = ()) -> None:
    """Check that a tool's outputs spare its inputs, and clear what a killed run left half-written.

    A tool calls it once, before it writes anything.

    Args:
        inputs: See :func:`~s2d_plugins.fileio.paths.check_outputs`.
        files: As there.
        folders: As there.
        owned: As there.

    Raises:
        S2DInputError: Names the output and the input that overlap.
    """
    from ..fileio.paths import check_outputs
    from ..fileio.whole_files import clean_partials
    files, folders = list(files), [*folders]
    owned = list(owned)
    check_outputs(inputs, files, folders, owned)
    clean_partials(*{Path(path).parent for path in files if path is not None},
                   *(path for path in (*folders, *owned) if path is not None))


class Failures:
    """Videos that fail while the others of a run go on.

    Args:
        total: Number of videos; the failure of an only one ends the run like any error.
        log_folder: Where the traceback of an unforeseen error goes, as ``<name>.txt``.

    Attributes:
        reasons: Name of each failed video to the one line that says why.
    """

    def __init__(self, total: int, log_folder: Path | None = None):
        self.total = total
        self.log_folder = log_folder
        self.reasons: dict[str, str] = {}

    @contextlib.contextmanager
    def contained(self, name: str) -> Iterator[None]:
        """Note what goes wrong with one video.

        An output that cannot be written ends all, and so does another process that is gone.
        """
        try:
            yield
        except (S2DOutputError, S2DUnexpectedError):
            raise
        except Exception as error:
            if self.total == 1 or full_disk(error) or was_interrupted(error):
                raise
            self.note(name, error)

    def note(self, name: str, error: Exception) -> None:
        """Note and print why a video failed."""
        if isinstance(error, S2DInputError):
            reason = one_line(error)
        else:
            reason = unexpected(error)
            if self.log_folder is not None:
                from ..fileio.whole_files import write_text
                path = self.log_folder / f'{name}.txt'
                write_text(path, ''.join(traceback.format_exception(error)))
                reason += f'; the traceback is in {path}'
        self.reasons[name] = reason
        from tqdm import tqdm  # above a bar, if there is one
        tqdm.write(f'failed: {one_line(name)}: {reason}', file=sys.stderr)

    def note_outcome(self, outcome: Any) -> None:
        """Note and print why a video failed elsewhere; see :class:`~s2d_plugins.engines.Outcome`.
        """
        name, reason = outcome.task.name, outcome.reason
        if outcome.trace and self.log_folder is not None:
            from ..fileio.whole_files import write_text
            path = self.log_folder / f'{name}.txt'
            write_text(path, '\n'.join(outcome.trace))
            reason += f'; the traceback is in {path}'
        self.reasons[name] = reason
        from tqdm import tqdm  # above a bar, if there is one
        tqdm.write(f'failed: {one_line(name)}: {reason}', file=sys.stderr)

    def list_all(self) -> None:
        """Print all failures, also those of other processes that were put into ``reasons``."""
        for name, reason in self.reasons.items():
            print(f'failed: {one_line(name)}: {reason}', file=sys.stderr)

    def exit_code(self) -> int:
        """Print how many videos failed, if any did, and return the exit code."""
        if not self.reasons:
            return 0
        print(f'{len(self.reasons)} of {self.total} videos failed; the same command tries them '
              'again', file=sys.stderr)
        return EXIT_INPUT_ERROR


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """Keep notes of libraries about parts that are not used here off the console."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the config file and mmengine's ``--cfg-options``."""
    from mmengine.config import DictAction

    class Overrides(DictAction):
        """Tells an override that is none, where mmengine's action ends with an error of its own.
        """

        def __call__(self, parser: Any, namespace: Any, values: Any,
                     option_string: str | None = None) -> None:
            for value in values:
                if '=' not in value:
                    raise S2DInputError(f'{option_string}: expected KEY=VALUE, found {value!r}')
                try:
                    super().__call__(parser, namespace, [value], option_string)
                except Exception as error:
                    raise S2DInputError(f'{option_string}: cannot read {value!r} '
                                        f'({shortened(one_line(error))}); lists need brackets '
                                        'that match') from error

    parser.add_argument('config', help='config file path')
    parser.add_argument(
        '--cfg-options', nargs='+', action=Overrides, metavar='KEY=VALUE',
        help='override settings of the config; lists as key="[a,b]" or key=a,b, without spaces')


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what does the work on many videos: this process, or a cluster."""
    group = parser.add_argument_group('many machines')
    group.add_argument('--engine', choices=('local', 'ray'), default='local',
                       help='ray does videos on a cluster (docs/clusters.md)')
    group.add_argument('--address', help="of a running Ray cluster, HOST:PORT, or 'auto' for that "
                       'of this machine; by default Ray is started on this machine alone')
    group.add_argument('--num-cpus', type=float, metavar='N',
                       help='cores of a worker; may be a fraction; by default 1')
    group.add_argument('--num-gpus', type=float, metavar='N', help='GPUs of a worker; may be a '
                       'fraction; by default 1 where the cluster has GPUs')
    group.add_argument('--workers', type=int, metavar='N',
                       help='at most so many; by default as many as there is room for')
    group.add_argument('--batch', type=int, metavar='N',
                       help='videos that a worker gets at once; by default 1')


def engine_of(args: argparse.Namespace, defaults: Any = None) -> Any:
    """Build the engine of :func:`add_engine_arguments`.

    Args:
        args: With those arguments.
        defaults: The ``engine`` of a config, for Ray: ``num_cpus``, ``num_gpus``, ``workers``,
            ``batch``.

    Raises:
        S2DInputError: If Ray is not installed, or a setting is wrong.
    """
    from ..engines import build_engine
    names = ('num_cpus', 'num_gpus', 'workers', 'batch')
    if defaults is not None and (not isinstance(defaults, dict) or set(defaults) - set(names)):
        raise S2DInputError(f'engine: expected a dict of {", ".join(names)}, found '
                            f'{shortened(repr(defaults), 60)}; correct the config')
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.engine == 'ray':
        given = {**(defaults or {}), **given}
    return build_engine(args.engine, args.address, **given)


def add_window_arguments(parser: argparse.ArgumentParser, score_thr: float) -> None:
    """Add the settings of window inference."""
    from ..inference_settings import AUTO, MAX_LOST
    parser.add_argument('--score-thr', type=float, default=score_thr,
                        help='least score of an instance, 0 to 1')
    parser.add_argument('--top-k', type=int, help='instances kept per window; by default as the '
                        'test_cfg of the model says (50 in the full-size configs)')
    parser.add_argument('--window', type=window_of, metavar='FRAMES', default=AUTO,
                        help="frames that the model sees at once, 'all' of a shot, or 'auto', the "
                        'default: all that fits into memory, and else windows as long as fit')
    parser.add_argument('--overlap', type=int, metavar='FRAMES',
                        help='frames that neighbouring windows share; by default half a window, '
                        'with auto a sixth')
    parser.add_argument('--max-lost', type=int, metavar='FRAMES', default=MAX_LOST,
                        help='frames for which an instance may be out of sight between windows '
                        'and keep its number; by default %(default)s')
    parser.add_argument('--tube-nms-iou', type=float, metavar='IOU',
                        help='drop the worse of two instances that overlap more; by default as '
                        'the test_cfg of the model says (0.75 in the full-size configs)')


def window_of(text: str) -> int | str | None:
    """Read ``--window``: a number, ``auto``, or ``all``, for which None stands."""
    from ..inference_settings import AUTO
    if text in (AUTO, 'all'):
        return AUTO if text == AUTO else None
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'expected a number of frames, all or auto, found {shortened(printable(text))}'
        ) from None


def window_settings(args: argparse.Namespace) -> dict:
    """Return the settings of :func:`add_window_arguments` for a ``VideoSegmenter``.

    Raises:
        S2DInputError: If one is out of range.
    """
    from ..inference_settings import check_settings
    window = args.window
    overlap = args.overlap
    if overlap is None:
        overlap = window // 2 if isinstance(window, int) else 0
    settings = dict(score_thr=args.score_thr, window=window, overlap=overlap,
                    max_lost=args.max_lost)
    settings.update((name, getattr(args, name)) for name in ('top_k', 'tube_nms_iou')
                    if getattr(args, name) is not None)
    check_settings(settings, lambda name: f'--{name.replace("_", "-")}', auto=True)
    return settings
