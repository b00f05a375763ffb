"""One line for every mistake, whatever bytes came in with a file's name."""

import pickle

import pytest

from s2d_plugins.errors import Problems, S2DInputError, one_line, printable

NAME = 'a\x1b[2J\nb\udcffc.png'
SHOWN = 'a?[2J?b?c.png'


def test_messages_are_printable():
    error = S2DInputError(f'cannot read {NAME}: é 漢')
    assert str(error) == f'cannot read {SHOWN}: é 漢'
    assert one_line(error) == str(error) and printable(NAME) == SHOWN
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_error_of_a_worker_is_its_message():
    """As torch's data loader makes it again, with a traceback that holds colons."""
    error = S2DInputError(
        'Caught S2DInputError in DataLoader worker process 0.\nOriginal Traceback (most recent '
        'call last):\n  File "x.py", line 3\n    x: dict = {}\n    raise\n'
        's2d_plugins.errors.S2DInputError: lost: frame 3\n')
    assert str(error) == one_line(error) == 'lost: frame 3'


def test_problems_are_printable():
    problems = Problems(lenient=True)
    problems.add(f'{NAME} is broken')
    assert problems.messages == [f'{SHOWN} is broken']
    with pytest.raises(S2DInputError) as caught:
        Problems(lenient=False).add(f'{NAME} is broken')
    assert str(caught.value) == f'{SHOWN} is broken'
