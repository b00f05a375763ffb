"""The one error that means: the input is wrong, not the program; and how it is told."""

import errno
import re
import unicodedata
from collections.abc import Iterator

_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}
#: What the machine lacks or forbids, and no program can help.
DISK_ERRORS = _FULL_DISK | {errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
                            errno.ENAMETOOLONG}


class S2DInputError(ValueError):
    """A mistake in what the user gave: a file, a folder, a label, an option.

    The message is one line that says what was expected, what was found, where (file, video,
    frame) and what to do. Tools print it without a traceback and exit with code 2. What a
    terminal would act on, such as an escape in a file's name, is shown as ``?``.
    """

    def __init__(self, *args: object):
        super().__init__(*(printable(_without_worker(arg)) if isinstance(arg, str) else arg
                           for arg in args))


class S2DOutputError(S2DInputError):
    """The output cannot be written: a full disk, no permission. Going on would not help."""


class S2DUnexpectedError(RuntimeError):
    """An error that nobody foresaw, told in one line that says where its traceback is.

    Its cause is that error. Tools print the line and exit with code 1.
    """


class Problems:
    """Raises the first problem, or, when lenient, counts them and reports at the end."""

    def __init__(self, lenient: bool):
        self.lenient = lenient
        self.messages: list[str] = []

    def add(self, message: str) -> None:
        """Report one problem.

        Raises:
            S2DInputError: If not lenient.
        """
        if not self.lenient:
            raise S2DInputError(message)
        self.messages.append(printable(message))

    def warn(self, shown: int = 5) -> None:
        """Log how many entries were left out, and the first of the reasons."""
        if self.messages:
            from mmengine.logging import print_log
            lines = '\n  '.join(self.messages[:shown])
            print_log(f'{len(self.messages)} entries left out, the first:\n  {lines}',
                      logger='current', level=30)


def one_line(error: BaseException | str) -> str:
    """Return an error's message in one printable line.

    What workers and registries put around it goes, and so do line breaks and terminal escapes
    that came in with a file's name or content.
    """
    if isinstance(error, str):
        text = error
    else:
        try:
            # str() of a KeyError puts its message in quotes
            text = str(error.args[0] if isinstance(error, KeyError) and error.args
                       else error).strip()
        except Exception:  # an error whose message is one
            text = ''
    text = _without_worker(text)
    text = re.sub(r'^class `\w+` in \S+\.py: ', '', text)
    text = printable(' '.join(text.split()))
    return text or (type(error).__name__ if not isinstance(error, str) else '')


def _without_worker(text: str) -> str:
    """Take the message out of what a worker of a data loader tells of its error."""
    if 'Original Traceback' not in text:
        return text
    return text.strip().splitlines()[-1].partition(': ')[2]


def full_disk(error: BaseException | None) -> OSError | None:
    """Return the error of a disk that takes nothing more, if that is what an error comes from.

    Libraries put others around it: torch a ``RuntimeError``, mmengine's registries one of the
    same type without the number that tells.
    """
    return next((part for part in _chain(error)
                 if isinstance(part, OSError) and part.errno in _FULL_DISK), None)


def was_interrupted(error: BaseException | None) -> bool:
    """Say whether Ctrl-C is what an error comes from: some libraries make another one of it."""
    return any(isinstance(part, KeyboardInterrupt) for part in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Go through an error and what it comes from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def shortened(text: str, longest: int = 300) -> str:
    """Cut a message that has become too long to read."""
    return text if len(text) <= longest else f'{text[:longest - 3]}...'


def unexpected(error: BaseException) -> str:
    """Return one line for an error that nobody foresaw: its type and its message."""
    kind, message = type(error).__name__, one_line(error)
    return f'unexpected {kind}' if message in ('', kind) else f'unexpected {kind}: {message}'


def printable(text: str) -> str:
    """Replace what a terminal would act on, and what is no character, by ``?``."""
    return ''.join('?' if unicodedata.category(character) in ('Cc', 'Cf', 'Cs', 'Co', 'Cn')
                   else character for character in text)
