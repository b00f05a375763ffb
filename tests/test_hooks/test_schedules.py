import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2d_plugins.hooks.schedules import MODES, Schedule, make_schedule


def test_a_number_never_changes():
    schedule = make_schedule(0.3)
    assert schedule.at(0) == schedule.at(10**6) == 0.3
    assert schedule.bounds == (0.3, 0.3)


def test_linear_by_hand():
    schedule = make_schedule(dict(mode='linear', start=2.0, end=0.0, begin=10, stop=20))
    assert [schedule.at(step) for step in (0, 10, 15, 20, 99)] == [2.0, 2.0, 1.0, 0.0, 0.0]


def test_cosine_by_hand():
    schedule = Schedule(mode='cosine', start=0.0, end=4.0, begin=0, stop=6)
    # a third of half a wave: (1 - cos 60 degrees) / 2 = 1/4
    assert [round(schedule.at(step), 12) for step in (0, 2, 3, 4, 6)] == [0, 1, 2, 3, 4]


def test_constant_jumps():
    schedule = Schedule(start=0.0, end=1.0, begin=5)
    assert [schedule.at(step) for step in (0, 4, 5, 6)] == [0, 0, 1, 1]


@given(st.sampled_from(MODES), st.floats(-5, 5), st.floats(-5, 5), st.integers(0, 50),
       st.integers(1, 50), st.integers(0, 120))
def test_values_stay_between_the_ends(mode, start, end, begin, length, step):
    schedule = Schedule(end, start, begin, begin + length, mode)
    low, high = schedule.bounds
    assert low - 1e-9 <= schedule.at(step) <= high + 1e-9


@pytest.mark.parametrize(('arguments', 'message'), [
    (dict(end=1.0, mode='step'), "'step'"),
    (dict(end=1.0, start=0.0, mode='linear', begin=5, stop=5), 'stop to be after begin=5'),
])
def test_mistakes(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_schedule(arguments)
