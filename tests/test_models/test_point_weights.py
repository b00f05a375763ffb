import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from s2d_plugins.models.point_weights import importance_weights, sample_points


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
