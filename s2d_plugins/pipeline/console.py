"""What a pipeline shows: bars with the time left on the console, all else in a log file."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from ..errors import S2DInputError


class Console:
    """Lines and progress bars on standard error and standard output, and a log file.

    Whoever reads the console may go away, as ``| head`` does: the work goes on, and what is said
    goes to the log file alone.

    Args:
        log_file: Everything said goes there too, with the time, and Python's warnings alone.

    Raises:
        S2DInputError: If the log file cannot be written.
    """

    def __init__(self, log_file: str | Path):
        self.log_file = Path(log_file)
        try:
            self.log_file.parent.mkdir(parents=True, exist_ok=True)
            if self.log_file.exists() and not self.log_file.is_file():
                raise OSError('it is not a file')
            self._handler = logging.FileHandler(log_file, encoding='utf-8',
                                                errors='backslashreplace')
        except OSError as error:
            raise S2DInputError(f'cannot write {log_file}: {error.strerror or error}; choose '
                                'another work dir') from error
        self._handler.setFormatter(logging.Formatter('%(asctime)s %(message)s'))
        self._logger = logging.Logger('s2d', logging.INFO)
        self._logger.addHandler(self._handler)
        self._out, self._error = _Lasting(sys.stdout), _Lasting(sys.stderr)

    def say(self, text: str) -> None:
        """Print a line above any bar and log it."""
        tqdm.write(text, file=self._out)
        self._out.flush()
        self._logger.info(text)

    def log(self, text: str) -> None:
        """Write a line to the log alone."""
        self._logger.info(text)

    def log_error(self, error: BaseException) -> None:
        """Write an error's traceback to the log."""
        self._logger.error('the whole story:', exc_info=error)

    @contextlib.contextmanager
    def bar(self, name: str, total: int, unit: str) -> Iterator[tqdm]:
        """Show a progress bar; where nobody watches, a line now and then."""
        interval = 0.2 if self._error.isatty() else 15.0
        with tqdm(total=total, desc=f'{name:<10}', unit=unit, mininterval=interval,
                  maxinterval=interval, file=self._error, dynamic_ncols=True) as bar:
            yield bar

    @contextlib.contextmanager
    def quiet_libraries(self) -> Iterator[None]:
        """Send what libraries print and warn of to the log file while the pipeline runs."""
        warning_logger = logging.getLogger('py.warnings')
        propagate, raising = warning_logger.propagate, logging.raiseExceptions
        warning_logger.addHandler(self._handler)
        warning_logger.propagate = False
        logging.captureWarnings(True)
        logging.raiseExceptions = False  # a full disk must not print a traceback per log line
        try:
            with contextlib.redirect_stdout(_LogStream(self._logger)):
                yield
        finally:
            logging.captureWarnings(False)
            logging.raiseExceptions = raising
            warning_logger.propagate = propagate
            warning_logger.removeHandler(self._handler)

    def close(self) -> None:
        """Close the log file."""
        with contextlib.suppress(OSError):  # a full disk
            self._handler.close()


class _Lasting(io.TextIOBase):
    """A stream of the console that takes text also when nobody reads it any more."""

    def __init__(self, stream: TextIO):
        super().__init__()
        self._stream: TextIO | None = stream

    @property
    def encoding(self) -> str:
        return getattr(self._stream, 'encoding', None) or 'utf-8'

    def write(self, text: str) -> int:
        if self._stream is not None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(text.encode('ascii', 'backslashreplace').decode())
            except (OSError, ValueError):
                self._give_up()
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation('fileno')
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def _give_up(self) -> None:
        """Send what the stream still holds nowhere, else Python would fail at its end."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        self._stream = None


class _LogStream(io.TextIOBase):
    """A text stream whose lines go to a logger."""

    def __init__(self, logger: logging.Logger):
        super().__init__()
        self._logger = logger

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if line.strip():
                self._logger.info(line)
        return len(text)
