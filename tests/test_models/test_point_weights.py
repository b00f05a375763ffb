import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.models.point_weights import (
    draw_place,
    grid_steps,
    importance_weights,
    logits_at,
    sample_points,
)


def test_weights_by_hand():
    # 8 cells, ratio 0.75, oversample 3: the 2 most uncertain share 3/4, all 8 share 1/4
    logits = torch.tensor([[9.0, -8.0, 0.1, 7.0, -0.2, 6.0, -5.0, 4.0]])
    weights = importance_weights(logits, 32, 3.0, 0.75)
    expected = torch.full((1, 8), 1.0)
    expected[0, [2, 4]] = 1.0 + 12.0
    torch.testing.assert_close(weights, expected)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 40), st.floats(1, 4), st.floats(0, 1))
def test_weights_sum_to_the_number_of_points(rows, cells, oversample, importance):
    logits = torch.randn(rows, cells, generator=torch.Generator().manual_seed(cells))
    weights = importance_weights(logits, 100, oversample, importance)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.full((rows,), 100.0))


def test_points_are_read_at_pixel_centres():
    masks = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    points = torch.tensor([[[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5]]])
    torch.testing.assert_close(sample_points(masks, points),
                               torch.tensor([[1.0, 2.0, 3.0, 2.5]]))


def test_a_grid_smaller_than_the_uncertain_share_still_counts():
    # half a cell is uncertain: it is one cell
    assert importance_weights(torch.zeros(1, 1), 100, 2.0, 1.0).tolist() == [[100.0]]
    weights = importance_weights(torch.tensor([[5.0, 0.1]]), 8, 8.0, 0.5)
    assert weights.tolist() == [[2.0, 6.0]]


@pytest.mark.parametrize('place', [(0, 0), (1, 2), (3, 3), (2, 0)])
def test_logits_at_a_pixel_of_every_cell(place):
    """The same as sampling at the centres of these pixels; the border's value holds outside."""
    logits = torch.randn(2, 5, 6)
    rows, columns = ((torch.arange(side) + (pixel + 0.5) / 4) / side
                     for side, pixel in zip((5, 6), place, strict=True))
    points = torch.stack(torch.meshgrid(columns, rows, indexing='xy'), dim=-1).expand(2, -1, -1, -1)
    expected = torch.nn.functional.grid_sample(
        logits[:, None], points * 2 - 1, align_corners=False, padding_mode='border')[:, 0]
    torch.testing.assert_close(logits_at(logits, place, (4, 4)), expected)


def test_places_are_drawn_evenly_and_only_where_pixels_fill_the_cells():
    assert grid_steps((64, 96), (16, 24)) == (4, 4)
    assert grid_steps((64, 96), (16, 25)) is None
    torch.manual_seed(0)
    drawn = [draw_place((2, 3)) for _ in range(600)]
    assert all(70 < drawn.count((row, column)) < 130 for row in range(2) for column in range(3))
