"""What a pipeline shows: bars with the time left on the console, all else in a log file."""

import contextlib
import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from ..errors import S2DInputError


class Console:
    """Lines and progress bars on standard error and standard output, and a log file.

    Args:
        log_file: Everything said goes there too, with the time, and Python's warnings alone.

    Raises:
        S2DInputError: If the log file cannot be written.
    """

    def __init__(self, log_file: str | Path):
        try:
            Path(log_file).parent.mkdir(parents=True, exist_ok=True)
            self._handler = logging.FileHandler(log_file, encoding='utf-8')
        except OSError as error:
            raise S2DInputError(f'cannot write {log_file}: {error.strerror or error}; choose '
                                'another work dir') from error
        self._handler.setFormatter(logging.Formatter('%(asctime)s %(message)s'))
        self._logger = logging.Logger('s2d', logging.INFO)
        self._logger.addHandler(self._handler)
        self._out, self._error = sys.stdout, sys.stderr

    def say(self, text: str) -> None:
        """Print a line above any bar and log it."""
        tqdm.write(text, file=self._out)
        self._out.flush()
        self._logger.info(text)

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
        self._handler.close()


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
