import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.task_modules.assigners import CrossEntropyLossCost, DiceCost
from mmengine.structures import InstanceData

from s2d_plugins.models.clip_matching import class_match_cost, mask_match_cost, solve_assignments


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 99))
def test_mask_cost_equals_mmdets(queries, instances, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(queries, 11, generator=generator)
    targets = torch.randint(0, 2, (instances, 11), generator=generator).float()
    pred, gt = InstanceData(masks=logits), InstanceData(masks=targets)
    expected = CrossEntropyLossCost(weight=5.0)(pred, gt) + DiceCost(
        pred_act=True, eps=1.0, weight=2.0)(pred, gt)
    torch.testing.assert_close(mask_match_cost(logits, targets, None, 5.0, 2.0), expected)


def test_unknown_points_do_not_count():
    logits = torch.tensor([[3.0, -2.0, 8.0, -9.0]])
    targets = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    known = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    torch.testing.assert_close(
        mask_match_cost(logits, targets, known, 5.0, 5.0),
        mask_match_cost(logits[:, :2], targets[:, :2], None, 5.0, 5.0))


def test_class_cost_is_minus_the_probability():
    logits = torch.log(torch.tensor([[0.2, 0.8], [0.5, 0.5]]))
    torch.testing.assert_close(class_match_cost(logits, torch.tensor([0])),
                               torch.tensor([[-0.2], [-0.5]]))


def test_assignments_of_several_problems():
    # first: query 1 is cheapest for instance 0 and query 0 for instance 1
    costs = [torch.tensor([[5.0, 1.0], [1.0, 5.0], [9.0, 9.0]]), torch.zeros(3, 0),
             torch.tensor([[4.0, 1.0, 2.0]])]
    solved = solve_assignments(costs)
    assert [(q.tolist(), i.tolist()) for q, i in solved] == [
        ([1, 0], [0, 1]), ([], []), ([0], [1])]
    assert solve_assignments([]) == []


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_costs_that_are_no_numbers_are_avoided(bad):
    queries, _ = solve_assignments([torch.tensor([[bad], [2.0]])])[0]
    assert queries.tolist() == [1]
