"""Colours that stay: an instance's colour depends on its id alone."""

import colorsys

GOLDEN_RATIO = 0.618033988749895
_TONES = ((0.85, 1.0), (0.55, 1.0), (0.9, 0.75))


def instance_color(instance_id: int) -> tuple[int, int, int]:
    """Return the RGB colour (0 to 255) of an instance id.

    Hues advance by the golden ratio, so that ids near each other are far apart in hue; saturation
    and value change after each round of colours.
    """
    hue = (instance_id * GOLDEN_RATIO) % 1
    saturation, value = _TONES[(instance_id // 8) % len(_TONES)]
    return _to_rgb(hue, saturation, value)


def score_color(score: float) -> tuple[int, int, int]:
    """Return the RGB colour of a score: red for 0, yellow in between, green for 1."""
    return _to_rgb(min(max(score, 0.0), 1.0) / 3, 0.9, 1.0)


def _to_rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue
