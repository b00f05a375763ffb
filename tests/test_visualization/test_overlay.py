import cv2
import numpy as np
import pytest

from s2d_plugins.errors import S2DInputError
from s2d_plugins.labels.rle import encode_mask
from s2d_plugins.video import open_video
from s2d_plugins.visualization import (
    ColoredMask,
    OverlayStyle,
    draw_masks,
    fit_size,
    instance_color,
    write_overlay,
)
from s2d_plugins.visualization.overlay import draw_tracks


def square(size, top, left, side):
    mask = np.zeros(size, bool)
    mask[top:top + side, left:left + side] = True
    return encode_mask(mask)


def test_draw_blends_inside_and_leaves_the_rest():
    frame = np.full((20, 30, 3), 100, np.uint8)
    drawn = draw_masks(frame, [ColoredMask(square((20, 30), 2, 2, 10), (200, 0, 50))])
    assert drawn[6, 6].tolist() == [150, 50, 75]
    assert drawn[2, 2].tolist() == [200, 0, 50]  # the outline is opaque
    assert (drawn[15:, 15:] == 100).all() and (frame == 100).all()


def test_small_masks_lie_above_large_ones():
    frame = np.zeros((20, 30, 3), np.uint8)
    small = ColoredMask(square((20, 30), 4, 4, 7), (0, 200, 0))
    large = ColoredMask(square((20, 30), 0, 0, 20), (200, 0, 0))
    for masks in ([small, large], [large, small]):
        assert draw_masks(frame, masks, alpha=1.0)[7, 7].tolist() == [0, 200, 0]


def test_a_mask_of_another_size_is_fitted_and_an_empty_one_skipped():
    frame = np.zeros((20, 40, 3), np.uint8)
    mask = ColoredMask(square((10, 20), 0, 0, 5), (255, 0, 0))
    empty = ColoredMask(square((20, 40), 0, 0, 0), (0, 255, 0))
    drawn = draw_masks(frame, [mask, empty], alpha=1.0)
    assert drawn[:10, :10].any(axis=2).all() and not drawn[12:, 15:].any()


@pytest.mark.parametrize(('size', 'expected'), [((480, 640), (480, 640)), ((145, 177), (144, 176)),
                                               ((1080, 1920), (720, 1280)), ((1, 1), (2, 2))])
def test_fit_size_is_even_and_bounded(size, expected):
    assert fit_size(size, 1280) == expected


def test_overlay_keeps_colour_and_frame_count(tmp_path):
    frames = np.zeros((5, 48, 64, 3), np.uint8)
    track = [square((48, 64), 8, 4 * t, 24) for t in range(5)]
    track[2] = None
    calls = []
    write_overlay(tmp_path / 'out' / 'overlay.mp4', iter(frames), (48, 64), 10.0, [track],
                  progress=calls.append)
    capture = cv2.VideoCapture(str(tmp_path / 'out' / 'overlay.mp4'))
    read = [capture.read()[1] for _ in range(5)]
    assert not capture.read()[0] and capture.get(cv2.CAP_PROP_FPS) == 10
    assert calls == [1, 2, 3, 4, 5]
    expected = np.array(instance_color(1)) / 2
    for index in (0, 1, 3, 4):
        pixel = read[index][12, 4 * index + 4][::-1]  # beside the number in the middle
        np.testing.assert_allclose(pixel, expected, atol=40)
    assert read[2].max() < 30


def test_overlay_is_made_smaller(tmp_path):
    frame = np.zeros((90, 160, 3), np.uint8)
    write_overlay(tmp_path / 'o.mp4', [frame], (90, 160), 24, [], max_side=80)
    capture = cv2.VideoCapture(str(tmp_path / 'o.mp4'))
    assert capture.read()[1].shape == (44, 80, 3)


def test_unsure_instances_get_a_question_mark(monkeypatch):
    texts = []
    monkeypatch.setattr('s2d_plugins.visualization.overlay.write_text',
                        lambda image, text, point: texts.append(text))
    masks = [square((20, 30), 2, 2, 5), None, square((20, 30), 10, 10, 5)]
    draw_tracks(np.zeros((20, 30, 3), np.uint8), masks, unsure=[2, 3])
    assert texts == ['1', '3?']


def test_overlay_lasts_as_long_as_its_source(tmp_path):
    times = [0, .5, .6, 2.]
    write_overlay(tmp_path / 'o.mp4', np.zeros((3, 48, 64, 3), np.uint8), (48, 64), 2, [],
                  times=times)
    np.testing.assert_allclose(open_video(tmp_path / 'o.mp4').times, times, atol=0.003)


def test_styles(tmp_path):
    frame = np.full((48, 64, 3), 100, np.uint8)
    rle = square((48, 64), 8, 8, 30)
    color = np.array(instance_color(1))
    plain = draw_tracks(frame, [rle], style=OverlayStyle(alpha=0, contours=False, ids=False))
    assert (plain == frame).all()
    lines = draw_tracks(frame, [rle], style=OverlayStyle(alpha=0, ids=False))
    assert (lines[8, 20] == color).all() and (lines[20, 20] == 100).all()
    both = draw_tracks(frame, [rle], style=OverlayStyle(side_by_side=True))
    assert both.shape == (48, 128, 3) and (both[:, :64] == frame).all()
    assert (both[8, 84] == color).all()
    write_overlay(tmp_path / 'o.mp4', [frame], (48, 64), 24, [[rle]], max_side=64,
                  style=OverlayStyle(side_by_side=True))
    assert open_video(tmp_path / 'o.mp4').size == (24, 64)
    with pytest.raises(S2DInputError, match='OverlayStyle: expected alpha'):
        OverlayStyle(alpha=2)
    with pytest.raises(S2DInputError, match='expected ids to be True or False'):
        OverlayStyle(ids=1)
