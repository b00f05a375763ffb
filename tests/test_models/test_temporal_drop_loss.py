import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.losses import CrossEntropyLoss, DiceLoss

from s2d_plugins.models import TemporalDropLoss
from s2d_plugins.registry import MODELS

CROSS_ENTROPY = dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1.0)
DICE = dict(type='WeightedDiceLoss', loss_weight=1.0)


def test_cross_entropy_of_one_known_frame_by_hand():
    # frame 0 known: logits (0, ln 3) -> p = (1/2, 3/4), targets (1, 0): ln 2 + ln 4 = 3 ln 2
    pred = torch.tensor([[0.0, math.log(3)], [5.0, -7.0]])
    target = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    loss = TemporalDropLoss(CROSS_ENTROPY)
    value = loss(pred, target, avg_factor=2, known=torch.tensor([True, False]))
    assert value.item() == pytest.approx(3 * math.log(2) / 2)


def test_dice_of_one_known_frame_by_hand():
    # p = (1/2, 1/2), t = (1, 0): 1 - (2 * 0.5 + 1) / (1 + 1 + 1) = 1/3
    pred = torch.zeros(3, 2)
    target = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    value = TemporalDropLoss(DICE)(pred, target, avg_factor=1,
                                   known=torch.tensor([True, False, False]))
    assert value.item() == pytest.approx(1 / 3)


@pytest.mark.parametrize('config', [CROSS_ENTROPY, DICE])
def test_unknown_frame_gets_no_gradient_and_known_frames_keep_theirs(config):
    torch.manual_seed(0)
    pred = torch.randn(4, 6, requires_grad=True)
    target = (torch.rand(4, 6) > 0.5).float()
    known = torch.tensor([True, False, True, False])
    TemporalDropLoss(config)(pred, target, avg_factor=2, known=known).backward()
    assert (pred.grad[~known] == 0).all()
    assert (pred.grad[known] != 0).all()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.booleans(), min_size=1, max_size=6), st.integers(0, 99))
def test_dropping_equals_the_wrapped_loss_on_the_known_frames(known, seed):
    generator = torch.Generator().manual_seed(seed)
    pred = torch.randn(len(known), 5, generator=generator)
    target = torch.randint(0, 2, pred.shape, generator=generator).float()
    known = torch.tensor(known)
    for config in (CROSS_ENTROPY, DICE):
        value = TemporalDropLoss(config)(pred, target, avg_factor=3.0, known=known)
        expected = MODELS.build(config)(pred[known], target[known], avg_factor=3.0)
        torch.testing.assert_close(value, expected if known.any() else torch.tensor(0.0))


def test_divisor_is_the_given_one_whatever_is_dropped():
    pred, target = torch.zeros(3, 4), torch.ones(3, 4)
    loss = TemporalDropLoss(CROSS_ENTROPY)
    all_known = loss(pred, target, avg_factor=12, known=torch.ones(3, dtype=torch.bool))
    one_known = loss(pred, target, avg_factor=12, known=torch.tensor([True, False, False]))
    assert one_known.item() == pytest.approx(all_known.item() / 3)


def test_all_dropped_is_zero_and_stays_in_the_graph():
    pred = torch.randn(2, 3, requires_grad=True)
    value = TemporalDropLoss(DICE)(pred, torch.zeros(2, 3), avg_factor=1,
                                   known=torch.zeros(2, dtype=torch.bool))
    value.backward()
    assert value.item() == 0
    assert (pred.grad == 0).all()


def test_point_weights_reach_the_wrapped_loss():
    pred, target = torch.zeros(2, 2), torch.tensor([[1.0, 1.0], [1.0, 1.0]])
    weight = torch.tensor([[2.0, 0.0], [9.0, 9.0]])
    value = TemporalDropLoss(CROSS_ENTROPY)(pred, target, weight, avg_factor=1,
                                            known=torch.tensor([True, False]))
    assert value.item() == pytest.approx(2 * math.log(2))


def test_a_host_that_knows_no_keymasks_drops_its_empty_rows():
    pred = torch.randn(6, requires_grad=True)
    target = torch.tensor([1.0, 0, 1, 0, 0, 0])
    loss = TemporalDropLoss(CROSS_ENTROPY, num_points=3)
    value = loss(pred, target, avg_factor=3)
    value.backward()
    torch.testing.assert_close(value, CrossEntropyLoss(use_sigmoid=True)(
        pred[:3], target[:3], avg_factor=3))
    assert (pred.grad[3:] == 0).all()


def test_flattened_rows_of_unknown_length_are_refused():
    with pytest.raises(ValueError, match='num_points=4'):
        TemporalDropLoss(CROSS_ENTROPY, num_points=4)(torch.zeros(6), torch.zeros(6))


def test_half_precision_under_autocast():
    pred = torch.randn(3, 4, requires_grad=True)
    known = torch.tensor([True, True, False])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = TemporalDropLoss(DICE)(pred.bfloat16(), torch.ones(3, 4), avg_factor=1,
                                       known=known)
    value.backward()
    assert torch.isfinite(value)
    assert (pred.grad[2] == 0).all()


def test_weighted_dice_without_weights_equals_mmdet():
    torch.manual_seed(1)
    pred, target = torch.randn(5, 7), torch.randint(0, 2, (5, 7)).float()
    ours = MODELS.build(dict(type='WeightedDiceLoss', loss_weight=5.0))
    theirs = DiceLoss(naive_dice=True, eps=1.0, loss_weight=5.0)
    torch.testing.assert_close(ours(pred, target, avg_factor=2),
                               theirs(pred, target, avg_factor=2))
    torch.testing.assert_close(ours(pred, target), theirs(pred, target))


def test_weighted_dice_by_hand():
    # weights (3, 1), p = 1/2, t = (1, 0): 1 - (2 * 1.5 + 1) / (2 + 3 + 1) = 1/3
    ours = MODELS.build(dict(type='WeightedDiceLoss'))
    value = ours(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 1.0]]))
    assert value.item() == pytest.approx(1 / 3)
