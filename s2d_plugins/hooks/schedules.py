"""Numbers that change over the steps of a training, such as loss weights and EMA momentum."""

import math
from dataclasses import dataclass
from typing import Any

from ..arguments import check_choice, check_count, check_number, refuse

MODES = ('constant', 'linear', 'cosine')


@dataclass(frozen=True)
class Schedule:
    """A number as a function of the training step, without any state.

    It is ``start`` before step ``begin`` and ``end`` from step ``stop`` on. Between the two it
    moves evenly (``'linear'``) or along half a cosine wave, slow at both ends (``'cosine'``);
    ``'constant'`` jumps to ``end`` at ``begin``.

    Attributes:
        end: Last value.
        start: First value; None for ``end``.
        begin: First step of the change.
        stop: First step after it; for ``'constant'`` it has no meaning.
        mode: One of :data:`MODES`.

    Raises:
        S2DInputError: If the mode is unknown, a value is no number, or ``stop`` does not lie
            after ``begin``.
    """

    end: float
    start: float | None = None
    begin: int = 0
    stop: int = 0
    mode: str = 'constant'

    def __post_init__(self):
        check_choice(self, MODES, mode=self.mode)
        check_number(self, end=self.end)
        check_number(self, start=self.start, optional=True)
        check_count(self, low=0, begin=self.begin, stop=self.stop)
        if self.mode != 'constant' and self.stop <= self.begin:
            raise refuse(self, 'stop', self.stop,
                         f'after begin={self.begin} in a {self.mode} schedule')

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        first = self.end if self.start is None else self.start
        return min(first, self.end), max(first, self.end)

    def at(self, step: int) -> float:
        """Return the value at a step, counted from 0."""
        if self.start is None:
            return self.end
        if self.mode == 'constant':
            return self.end if step >= self.begin else self.start
        share = min(max((step - self.begin) / (self.stop - self.begin), 0.0), 1.0)
        if self.mode == 'cosine':
            share = (1 - math.cos(math.pi * share)) / 2
        return self.start + share * (self.end - self.start)


def make_schedule(value: float | dict, owner: Any = 'a schedule',
                  name: str = 'value') -> Schedule:
    """Make a schedule from a number, which never changes, or from the arguments of one.

    Args:
        value: The number or dict.
        owner: Whose argument it is, for messages.
        name: The argument's name.

    Raises:
        S2DInputError: If the value makes no schedule.
    """
    if not isinstance(value, dict):
        check_number(owner, **{name: value})
        return Schedule(value)
    known = Schedule.__dataclass_fields__
    if 'end' not in value or not value.keys() <= known.keys():
        raise refuse(owner, name, value, 'a number or a dict with end and, if need be, '
                     f'{", ".join(key for key in known if key != "end")}')
    return Schedule(**value)
