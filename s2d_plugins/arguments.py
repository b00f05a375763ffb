"""Checks of what is given to constructors and functions, so that each of them needs a line.

Every check takes the values by name and raises one line that names their owner, what it expects
and what it found. A bool is no number, NaN and infinity are in no range, and numpy's numbers
count as Python's.
"""

import math
from collections.abc import Collection, Sequence
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any

import numpy as np

from .errors import S2DInputError, printable, shortened

_LONGEST = 60


def check_count(owner: Any, /, *, low: int = 1, high: int | None = None, optional: bool = False,
                **values: Any) -> None:
    """Check that each value is an integer from ``low`` to ``high``, both included.

    Args:
        owner: Whose arguments they are: an object, or a name.
        low: Smallest value.
        high: Largest value; None for any.
        optional: None is fine too.
        **values: The arguments by their names.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    expected = f'an integer {_range(low, high)}'
    for name, value in values.items():
        good = isinstance(value, Integral) and not isinstance(value, bool) and value >= low and (
            high is None or value <= high)
        _require(good, owner, name, value, expected, optional)


def check_number(owner: Any, /, *, low: float | None = None, high: float | None = None,
                 above: float | None = None, below: float | None = None, optional: bool = False,
                 **values: Any) -> None:
    """Check that each value is a finite number within bounds.

    Args:
        owner: Whose arguments they are.
        low: Smallest value; None for any.
        high: Largest value.
        above: Every value is larger than this.
        below: Every value is smaller than this.
        optional: None is fine too.
        **values: The arguments by their names.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    expected = f'a number {_range(low, high, above, below)}'.strip()
    for name, value in values.items():
        good = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        good = good and (low is None or value >= low) and (high is None or value <= high)
        good = good and (above is None or value > above) and (below is None or value < below)
        _require(good, owner, name, value, expected, optional)


def check_share(owner: Any, /, *, optional: bool = False, **values: Any) -> None:
    """Check that each value is a number from 0 to 1.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    check_number(owner, low=0, high=1, optional=optional, **values)


def check_flag(owner: Any, /, **values: Any) -> None:
    """Check that each value is True or False.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    for name, value in values.items():
        _require(isinstance(value, bool | np.bool_), owner, name, value, 'True or False')


def check_choice(owner: Any, choices: Collection[str], /, *, optional: bool = False,
                 **values: Any) -> None:
    """Check that each value is one of some names.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    names = [repr(choice) for choice in choices]
    expected = ' or '.join([', '.join(names[:-1]), names[-1]] if len(names) > 1 else names)
    for name, value in values.items():
        _require(isinstance(value, str) and value in choices, owner, name, value, expected,
                 optional)


def check_type(owner: Any, types: type | tuple[type, ...], expected: str, /, *,
               optional: bool = False, **values: Any) -> None:
    """Check that each value is of one of some types.

    Args:
        owner: Whose arguments they are.
        types: As for ``isinstance``.
        expected: What they are, in words, for the message.
        optional: None is fine too.
        **values: The arguments by their names.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    for name, value in values.items():
        _require(isinstance(value, types), owner, name, value, expected, optional)


def items_of(owner: Any, name: str, value: Any, /, *, length: int | None = None,
             least: int = 1) -> dict[str, Any]:
    """Return the items of a list or tuple by their names (``name[0]``, ...), to check each.

    Args:
        owner: Whose argument it is.
        name: The argument's name.
        value: The argument.
        length: Its length; None for any.
        least: Least length where ``length`` is None.

    Raises:
        S2DInputError: If it is no list or tuple, or is of another length.
    """
    expected = (f'a list of {length}' if length is not None else
                f'a list of at least {least}' if least else 'a list')
    good = isinstance(value, Sequence) and not isinstance(value, str | bytes) and (
        len(value) >= least if length is None else len(value) == length)
    _require(good, owner, name, value, expected)
    return {f'{name}[{index}]': item for index, item in enumerate(value)}


def check_path(owner: Any, /, *, optional: bool = False, **values: Any) -> None:
    """Check that each value can be the path of something.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    for name, value in values.items():
        good = isinstance(value, str | PurePath) and str(value) and '\0' not in str(value)
        _require(bool(good), owner, name, value, 'a path', optional)


def check_config(owner: Any, /, *, optional: bool = False, **values: Any) -> None:
    """Check that each value is the config of a part: a dict with ``type``.

    Raises:
        S2DInputError: Names the first argument that is not.
    """
    for name, value in values.items():
        _require(isinstance(value, dict) and bool(value.get('type')), owner, name, value,
                 "a dict with 'type'", optional)


def refuse(owner: Any, name: str, value: Any, expected: str) -> S2DInputError:
    """Return the error that these checks raise, for a check that is of one class alone."""
    owner = owner if isinstance(owner, str) else type(owner).__name__
    return S2DInputError(f'{owner}: expected {name} to be {expected}, found {shown(value)}; '
                         'correct it')


def _require(good: bool, owner: Any, name: str, value: Any, expected: str,
             optional: bool = False) -> None:
    if not good and not (optional and value is None):
        raise refuse(owner, name, value, expected + ' or None' * optional)


def _range(low: float | None, high: float | None, above: float | None = None,
           below: float | None = None) -> str:
    if low is not None and high is not None:
        return f'from {low} to {high}'
    parts = [f'{word} {bound}' for word, bound in (
        ('of at least', low), ('above', above), ('of at most', high), ('below', below))
        if bound is not None]
    return ' and '.join(parts)


def shown(value: Any) -> str:
    """Return a value for a message: short, printable, and whatever its repr does."""
    try:
        text = printable(repr(value))
    except Exception as error:  # noqa: BLE001  a value whose repr fails is wrong all the same
        text = f'a {type(value).__name__} ({type(error).__name__})'
    return shortened(text, _LONGEST)
