"""One line for every mistake, whatever bytes came in with a file's name."""

import pickle

import pytest

from s2d_plugins.errors import Problems, S2DInputError, one_line, printable, was_interrupted

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


def interrupted_in_a_library():
    try:
        try:
            raise KeyboardInterrupt
        except BaseException:
            raise SyntaxError('cannot format') from None
    except SyntaxError as error:
        raise S2DInputError('config: cannot format') from error


def test_an_interrupt_that_a_library_made_another_error_of():
    with pytest.raises(S2DInputError) as info:
        interrupted_in_a_library()
    assert was_interrupted(info.value) and was_interrupted(KeyboardInterrupt())
    assert not was_interrupted(S2DInputError('x')) and not was_interrupted(None)
