"""Numbers that change over the steps of a training, such as loss weights and EMA momentum."""

import math
from dataclasses import dataclass

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
        ValueError: If the mode is unknown, or ``stop`` does not lie after ``begin``.
    """

    end: float
    start: float | None = None
    begin: int = 0
    stop: int = 0
    mode: str = 'constant'

    def __post_init__(self):
        if self.mode not in MODES:
            raise ValueError(f'expected the schedule mode {", ".join(MODES)}, found '
                             f'{self.mode!r}')
        if self.mode != 'constant' and self.stop <= self.begin:
            raise ValueError(f'a {self.mode} schedule expects stop after begin, found begin '
                             f'{self.begin} and stop {self.stop}')

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


def make_schedule(value: float | dict) -> Schedule:
    """Make a schedule from a number, which never changes, or from the arguments of one."""
    return Schedule(**value) if isinstance(value, dict) else Schedule(float(value))
