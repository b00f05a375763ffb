"""The one error that means: the input is wrong, not the program; and how it is told."""

import re
import unicodedata


class S2DInputError(ValueError):
    """A mistake in what the user gave: a file, a folder, a label, an option.

    The message is one line that says what was expected, what was found, where (file, video,
    frame) and what to do. Tools print it without a traceback and exit with code 2. What a
    terminal would act on, such as an escape in a file's name, is shown as ``?``.
    """

    def __init__(self, *args: object):
        super().__init__(*(printable(arg) if isinstance(arg, str) else arg for arg in args))


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
        # str() of a KeyError puts its message in quotes
        text = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip()
    if 'Original Traceback' in text:
        text = text.splitlines()[-1].partition(': ')[2]
    text = re.sub(r'^class `\w+` in \S+\.py: ', '', text)
    text = printable(' '.join(text.split()))
    return text or (type(error).__name__ if not isinstance(error, str) else '')


def printable(text: str) -> str:
    """Replace what a terminal would act on, and what is no character, by ``?``."""
    return ''.join('?' if unicodedata.category(character) in ('Cc', 'Cf', 'Cs', 'Co', 'Cn')
                   else character for character in text)
