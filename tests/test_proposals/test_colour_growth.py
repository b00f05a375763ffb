import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from s2d_plugins.proposals.colour_growth import add_by_colour

SIZE = (128, 128)
FUR, GRASS = (150, 140, 150), (60, 130, 40)


def painted(*boxes, ground=GRASS, fur=FUR, noise=12):
    """Grass with fur in boxes (top, bottom, left, right)."""
    rng = np.random.default_rng(0)
    image = np.empty((*SIZE, 3))
    image[:] = ground
    for top, bottom, left, right in boxes:
        image[top:bottom, left:right] = fur
    return (image + rng.normal(0, noise, image.shape)).clip(0, 255).astype(np.uint8)


def region(top, bottom, left, right):
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


BODY, LEGS = (30, 80, 40, 90), (80, 95, 40, 90)
#: Of an object of 2,500 pixels colours reach 0.6 * 50 = 30 pixels far.
FAR = (80, 125, 40, 90)


def shares(known=BODY, doubt=0.01):
    values = np.full(SIZE, doubt, np.float32)
    values[0:8] = values[:, :8] = values[:, -8:] = 0  # the surroundings
    values[region(*known)] = 0.9
    return values


def test_what_stands_still_is_added():
    given = shares()
    grown = add_by_colour(painted(BODY, LEGS), given, 0.25, 0.003)
    added = grown == 1
    assert added[region(*LEGS)].mean() > 0.97
    assert added[~region(*LEGS)].mean() < 0.01
    assert (grown[~added] == given[~added]).all()


def test_where_motion_leaves_no_doubt_colours_do_not_decide():
    given = shares()
    given[90:] = 0.003
    added = add_by_colour(painted(BODY, LEGS), given, 0.25, 0.003) == 1
    assert added[80:90, 40:90].mean() > 0.97
    assert not added[90:].any()


def test_what_does_not_adjoin_stays_out():
    added = add_by_colour(painted(BODY, (88, 100, 40, 90)), shares(), 0.25, 0.003) == 1
    assert added.mean() < 0.01


def test_colours_reach_only_so_far():
    added = add_by_colour(painted(BODY, FAR), shares(), 0.25, 0.003) == 1
    assert added[80:108, 45:85].mean() > 0.97
    assert not added[111:].any()


def test_colours_of_the_surroundings_decide_nothing():
    """The same grey everywhere: colours do not tell the body from it."""
    given = shares()
    assert add_by_colour(painted(BODY, LEGS, ground=FUR), given, 0.25, 0.003) is given


def test_an_object_does_not_double():
    """Fur of 100 x 50 pixels, of which 48 x 50 within reach below and as many above."""
    given = shares((50, 60, 40, 90))
    assert add_by_colour(painted((30, 90, 40, 90)), given, 0.25, 0.003) is given


@pytest.mark.parametrize('value', [0.0, 0.1, 0.9])
def test_without_object_or_surroundings_nothing_is_learnt(value):
    given = np.full(SIZE, value, np.float32)
    assert add_by_colour(painted(BODY), given, 0.25, 0.003) is given


def test_the_same_each_time():
    image, given = painted(BODY, LEGS, noise=40), shares()
    first = add_by_colour(image, given, 0.25, 0.003)
    assert (add_by_colour(image, given, 0.25, 0.003) == first).all()


@hypothesis.settings(deadline=None)
@hypothesis.given(seed=st.integers(0, 2 ** 32 - 1), height=st.integers(1, 12),
                  width=st.integers(1, 12), inside=st.floats(0, 1), doubted=st.floats(0, 1))
def test_pixels_are_added_only_where_there_is_a_doubt(seed, height, width, inside, doubted):
    """Down to pictures of a pixel, objects of one and surroundings of one."""
    rng = np.random.default_rng(seed)
    rest = 1 - inside
    given = rng.choice([0.9, 0.1, 0.001], (height, width),
                       p=[inside, rest * doubted, rest * (1 - doubted)]).astype(np.float32)
    image = rng.integers(0, 60, (height, width, 3), dtype=np.uint8)
    image[given > 0.5] += 180
    grown = add_by_colour(image, given, 0.25, 0.003)
    changed = grown != given
    assert (grown[changed] == 1).all()
    assert (given[changed] == np.float32(0.1)).all()
    assert changed.sum() <= (given > 0.25).sum()
