"""The one error that means: the input is wrong, not the program."""


class S2DInputError(ValueError):
    """A mistake in what the user gave: a file, a folder, a label, an option.

    The message is one line that says what was expected, what was found, where (file, video,
    frame) and what to do. Tools print it without a traceback and exit with code 2.
    """
