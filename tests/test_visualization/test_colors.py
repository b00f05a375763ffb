import colorsys

import pytest

from s2d_plugins.visualization import instance_color, score_color


def hue(color):
    return colorsys.rgb_to_hsv(*(part / 255 for part in color))[0]


def test_colour_depends_on_the_id_alone():
    assert [instance_color(number) for number in range(40)] == [
        instance_color(number) for number in range(40)]
    assert len({instance_color(number) for number in range(40)}) == 40


def test_neighbouring_ids_are_far_apart_in_hue():
    for first in range(1, 6):
        for second in range(first + 1, 6):
            apart = abs(hue(instance_color(first)) - hue(instance_color(second)))
            assert min(apart, 1 - apart) > 0.1


@pytest.mark.parametrize(('score', 'expected'),
                         [(0, 0), (-1, 0), (0.5, 1 / 6), (1, 1 / 3), (7, 1 / 3)])
def test_scores_go_from_red_to_green(score, expected):
    assert hue(score_color(score)) == pytest.approx(expected, abs=0.01)
