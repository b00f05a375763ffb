import pytest
import torch
from mmengine.registry import init_default_scope
from small_model import build_small, make_batch, make_clip, small_config

from s2d_plugins.errors import S2DInputError
from s2d_plugins.models.clip_matching import mask_match_cost, solve_assignments
from s2d_plugins.models.clip_targets import ClipTargets
from s2d_plugins.models.point_weights import sample_points
from s2d_plugins.models.temporal_drop_loss import TemporalDropLoss
from s2d_plugins.registry import MODELS

BOX = (8, 8, 40, 40)


@pytest.fixture
def head():
    """With a grid that stays, so that the same input gives the same losses."""
    return build_small(head=dict(grid='fixed')).student.track_head


def random_outputs(layers=2, clips=1, queries=5, frames=3, size=16):
    generator = torch.Generator().manual_seed(1)
    scores = [torch.randn(clips, queries, 2, generator=generator) for _ in range(layers)]
    masks = [torch.randn(clips, queries, frames, size, size, generator=generator)
             .requires_grad_() for _ in range(layers)]
    return scores, masks


def box_targets(known, boxes=(BOX,)):
    masks = torch.zeros(len(boxes), len(known), 64, 64)
    for index, (x1, y1, x2, y2) in enumerate(boxes):
        masks[index, :, y1:y2, x1:x2] = 1
    known = torch.tensor(known).expand(len(boxes), -1)
    return ClipTargets(torch.zeros(len(boxes), dtype=torch.long),
                       masks * known[:, :, None, None], known)


def losses_of(head, scores, masks, targets):
    return head.losses_by_targets(scores, masks, [targets])[0]


def mask_terms(losses):
    return sum(value for name, value in losses.items() if 'cls' not in name)


def test_frames_without_a_keymask_have_exactly_zero_gradient(head):
    scores, masks = random_outputs()
    losses = losses_of(head, scores, masks, [box_targets([True, False, True])])
    mask_terms(losses).backward()
    for layer in masks:
        assert (layer.grad[:, :, 1] == 0).all()
        assert (layer.grad[:, :, 0] != 0).any()


def test_dropping_a_frame_equals_a_clip_without_it(head):
    head.match_known_frames_only = True
    scores, masks = random_outputs()
    dropped = losses_of(head, scores, masks, [box_targets([True, False, True])])
    kept = losses_of(head, scores, [m[:, :, [0, 2]] for m in masks],
                                [box_targets([True, True])])
    for name in dropped:
        if 'cls' not in name:
            torch.testing.assert_close(dropped[name], kept[name])


def test_every_layer_is_supervised_with_its_own_matching(head):
    # layer 0 predicts the object with query 3, the last layer with query 1
    target = box_targets([True])
    good = (target.resized((16, 16)).masks * 2 - 1) * 9
    scores = [torch.zeros(1, 5, 2)] * 2
    masks = [torch.full((1, 5, 1, 16, 16), -9.0) for _ in range(2)]
    masks[0][0, 3], masks[1][0, 1] = good, good
    losses = losses_of(head, scores, masks, [target])
    assert set(losses) == {f'{prefix}loss_{name}' for prefix in ('', 'd0.')
                           for name in ('cls', 'mask', 'dice')}
    assert mask_terms(losses).item() < 0.1


def test_losses_are_divided_by_the_instances_of_the_batch(head):
    scores, masks = random_outputs(layers=1)
    one = losses_of(head, scores, masks, [box_targets([True] * 3)])
    scores2 = [torch.cat([s, s]) for s in scores]
    masks2 = [torch.cat([m, m]) for m in masks]
    two = losses_of(head, scores2, masks2, [box_targets([True] * 3)] * 2)
    torch.testing.assert_close(one['loss_mask'], two['loss_mask'])
    torch.testing.assert_close(one['loss_dice'], two['loss_dice'])


def test_a_batch_without_keymasks_gives_zero_in_the_graph(head):
    scores, masks = random_outputs()
    losses = losses_of(head, scores, masks, [box_targets([True] * 3, boxes=())])
    assert mask_terms(losses).item() == 0
    mask_terms(losses).backward()
    assert masks[0].grad is not None


def test_more_instances_than_queries(head):
    scores, masks = random_outputs(queries=5)
    boxes = [(i * 8, 0, i * 8 + 8, 8) for i in range(8)]
    losses = losses_of(head, scores, masks, [box_targets([True] * 3, boxes=boxes)])
    assert all(torch.isfinite(value) for value in losses.values())


def test_known_frames_only_changes_the_match():
    # query 0 is right where the keymask is and busy elsewhere; query 1 is half right and then empty
    target = box_targets([True, False])
    right = (target.resized((16, 16)).masks[0, 0] * 2 - 1) * 9
    masks = torch.full((1, 5, 2, 16, 16), -9.0)
    masks[0, 0, 0], masks[0, 0, 1] = right, 9.0
    masks[0, 1, 0] = right
    masks[0, 1, 0, :6] = -9.0
    for only_known, expected in ((False, 1), (True, 0)):
        head = build_small(head=dict(match_known_frames_only=only_known)).student.track_head
        matches = head._match([torch.zeros(1, 5, 2)], [masks], [[target]],
                              [[target.resized((16, 16))]])
        assert matches[0][0][0][0].tolist() == [expected]


def test_grid_and_points_agree_in_expectation():
    # many sampled points give the grid's loss and matching
    scores, masks = random_outputs(layers=1, size=16)
    masks = [torch.nn.functional.avg_pool2d(m.detach()[0], 3, 1, 1)[None] * 4 for m in masks]
    target = box_targets([True, True, False], boxes=(BOX, (30, 30, 60, 60)))
    grid = losses_of(build_small().student.track_head, scores, masks, [target])
    sampled_head = build_small().student.track_head
    sampled_head.num_points = 4000
    sampled_head._uses_grid = lambda preds: False
    torch.manual_seed(0)
    runs = [losses_of(sampled_head, scores, masks, [target]) for _ in range(8)]
    for name in ('loss_mask', 'loss_dice'):
        mean = torch.stack([run[name] for run in runs]).mean()
        assert grid[name].item() == pytest.approx(mean.item(), rel=0.06)


def test_grid_and_points_give_the_same_matching_cost_and_matching():
    _, masks = random_outputs(layers=1, size=16)
    masks = torch.nn.functional.avg_pool2d(masks[0].detach()[0], 7, 1, 3) * 8
    target = box_targets([True, False, True], boxes=(BOX, (30, 30, 60, 60)))
    grid = target.resized((16, 16))

    def cost_at(logits, values):
        return mask_match_cost(logits.flatten(1), values.flatten(1), None, 5.0, 5.0)

    on_grid = cost_at(masks, grid.masks)
    torch.manual_seed(0)
    drawn = []
    for _ in range(10):
        points = torch.rand(1, 4000, 2)
        frames = points.expand(15, -1, -1)
        drawn.append(cost_at(sample_points(masks.flatten(0, 1), frames).view(5, 3, -1),
                             sample_points(target.masks.flatten(0, 1), frames[:6]).view(2, 3, -1)))
    mean = torch.stack(drawn).mean(dim=0)
    # what stays is the smoothing of bilinear reading between the cells
    torch.testing.assert_close(on_grid, mean, rtol=0.02, atol=0.02)
    assert [match.tolist() for match in solve_assignments([on_grid])[0]] == [
        match.tolist() for match in solve_assignments([mean])[0]]


def test_losses_and_matching_are_computed_in_full_precision(head):
    # the sum over a large object that query 2 is sure of does not fit into half precision
    target = box_targets([True, True, True], boxes=((0, 0, 64, 64),))
    scores = [torch.zeros(1, 5, 2, dtype=torch.float16, requires_grad=True)]
    masks = torch.full((1, 5, 3, 16, 16), -1.0, dtype=torch.float16)
    masks[0, 2] = 100.0
    with torch.autocast('cpu', torch.float16):
        losses = losses_of(head, scores, [masks.requires_grad_()], [target])
    assert all(value.dtype == torch.float32 for value in losses.values())
    assert losses['loss_mask'].item() == pytest.approx(0.0, abs=1e-4)
    losses['loss_cls'].backward()
    assert scores[0].grad[0, :, 0].argmin() == 2  # the object's score is to rise there


def head_config(costs, **train_cfg):
    return dict(train_cfg=dict(dict(
        num_points=100, assigner=dict(type='HungarianAssigner', match_costs=costs),
        sampler=dict(type='MaskPseudoSampler')), **train_cfg))


DICE = dict(type='DiceCost', weight=5.0, pred_act=True, eps=1.0)


@pytest.mark.parametrize(('costs', 'message'), [
    ([dict(type='BBoxL1Cost', weight=1.0)], 'BBoxL1Cost'),
    ([dict(DICE, eps=1e-3)], 'matches with eps=1.0 alone, found eps=0.001 of DiceCost'),
    ([dict(DICE, naive_dice=False)], 'naive_dice=True alone, found naive_dice=False'),
    ([dict(DICE, pred_act=False)], 'pred_act=True alone, found pred_act=False'),
    ([dict(type='CrossEntropyLossCost', use_sigmoid=False)], 'use_sigmoid=True alone'),
    ([DICE, DICE], 'DiceCost comes twice'),
    ([dict(DICE, weight=-1.0)], 'DiceCost: expected weight'),
    ([dict(DICE, weight='5')], 'DiceCost: expected weight')])
def test_match_costs_that_would_be_ignored_are_refused(costs, message):
    with pytest.raises(S2DInputError, match=message):
        build_small(head=head_config(costs))


@pytest.mark.parametrize('wrong', [
    dict(num_points=0), dict(num_points=2.5), dict(oversample_ratio=0.5),
    dict(importance_sample_ratio=1.5)])
def test_point_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(S2DInputError, match=f'SparseToDenseHead: expected {next(iter(wrong))}'):
        build_small(head=head_config([DICE], **wrong))


def test_match_costs_that_are_absent_weigh_nothing():
    head = build_small(head=head_config([DICE])).student.track_head
    assert head.match_weights == dict(cls=0.0, mask=0.0, dice=5.0)


def test_unmatched_queries_far_from_keymasks_need_not_learn_to_be_background():
    head = build_small(head=dict(unmatched_queries=dict(
        type='KeymaskEvidence', unproven_weight=0.0))).student.track_head
    target = box_targets([True])
    masks = torch.full((1, 5, 1, 16, 16), -9.0)
    masks[0, 0] = (target.resized((16, 16)).masks[0] * 2 - 1) * 9
    masks[0, 1, 0, 12:, 12:] = 9.0
    scores = torch.zeros(1, 5, 2, requires_grad=True)
    losses_of(head, [scores], [masks], [target])['loss_cls'].backward()
    assert (scores.grad[0, 1] == 0).all()
    assert (scores.grad[0, [0, 2, 3, 4]] != 0).all()


def test_loss_from_data_samples_trains_every_parameter():
    model = build_small('final/final_small.py')
    data = model.data_preprocessor(make_batch(make_clip([{1: BOX}, {1: BOX}, {}])), True)
    losses = model.loss(**data)
    sum(losses.values()).backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None]
    assert missing == []


@pytest.mark.parametrize('sparse', ['mask', 'dice'])
def test_droploss_on_one_of_the_losses_alone(sparse):
    """The other loss takes frames without a keymask as empty masks, so it has a gradient there."""
    plain = build_small('final/final_small.py').track_head
    head = build_small().student.track_head
    other = 'dice' if sparse == 'mask' else 'mask'
    setattr(head, f'loss_{other}', getattr(plain, f'loss_{other}'))
    head.drops_frames = all(isinstance(loss, TemporalDropLoss)
                            for loss in (head.loss_mask, head.loss_dice))
    assert not head.drops_frames
    scores, masks = random_outputs(layers=1)
    target = box_targets([True, False, True])
    target.masks[:, 2] = 0  # known to be empty, which is not unknown
    losses = losses_of(head, scores, masks, [target])
    for name, dropped in ((sparse, True), (other, False)):
        gradient, = torch.autograd.grad(losses[f'loss_{name}'], masks[-1], retain_graph=True)
        assert (gradient[:, :, [0, 2]] != 0).flatten(3).any(dim=3).any(dim=1).all()
        assert (gradient[:, :, 1] == 0).all() == dropped


@pytest.mark.parametrize('sparse', ['mask', 'dice'])
def test_a_head_with_one_droploss_keeps_all_frames(sparse):
    """What the constructor concludes: frames are left out early only if both losses drop them."""
    losses = dict(loss_mask=dict(_delete_=True, type='CrossEntropyLoss', use_sigmoid=True),
                  loss_dice=dict(_delete_=True, type='WeightedDiceLoss'))
    del losses[f'loss_{sparse}']
    config = small_config()
    config.merge_from_dict(dict(model=dict(detector=dict(track_head=losses))))
    init_default_scope('s2d_plugins')
    head = MODELS.build(config.model).student.track_head
    assert isinstance(getattr(head, f'loss_{sparse}'), TemporalDropLoss)
    assert not head.drops_frames


def test_a_moving_grid_reads_masks_as_they_are():
    """64 pixels on 16 cells: 4 x 4 places; each reads every fourth pixel of rows and columns."""
    head = build_small().student.track_head
    assert head.grid == 'moving'
    torch.manual_seed(0)
    scores, masks = random_outputs(layers=1)
    target = [box_targets([True, True, True])]
    values = {round(losses_of(head, scores, masks, target)['loss_mask'].item(), 4)
              for _ in range(200)}
    assert 8 < len(values) <= 16
    with pytest.raises(S2DInputError, match="'moving' or 'fixed', found 'still'"):
        build_small(head=dict(grid='still'))
