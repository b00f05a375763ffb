"""Hooks of the distiller's training, each with as little of a Runner as it needs."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.model import BaseTTAModel
from mmengine.optim import OptimWrapper
from torch import nn

from s2d_plugins.errors import S2DInputError
from s2d_plugins.hooks import (
    CheckpointFitHook,
    ExactResumeHook,
    LossWeightScheduleHook,
    NonFiniteLossHook,
    ScheduledMeanTeacherHook,
)
from s2d_plugins.hooks.non_finite_loss_hook import _name_bad
from s2d_plugins.models.weight_names import adapt_weights

LINEAR = dict(mode='linear', start=0.2, end=0.4, begin=0, stop=2)


def pair(student=4.0, teacher=0.0):
    """A 'distiller' of one weight and one buffer each."""
    model = nn.Module()
    for name, value in (('student', student), ('teacher', teacher)):
        part = nn.Module()
        part.weight = nn.Parameter(torch.tensor([value]))
        part.register_buffer('mean', torch.tensor([value]))
        model.add_module(name, part)
    return model


def runner_of(model, **more):
    return SimpleNamespace(**dict(
        model=model, iter=0, work_dir='work', _load_from='some.pth', _resume=False,
        message_hub=MessageHub('test_training_hooks')) | more)


def test_teacher_momentum_follows_its_schedule():
    runner = runner_of(pair())
    hook = ScheduledMeanTeacherHook(momentum=LINEAR)
    for step in (0, 1):
        runner.iter = step
        hook.after_train_iter(runner, step)
    # 0.2 of 4, then 0.3 of the way from there to 4; the buffer stays
    assert runner.model.teacher.weight.item() == pytest.approx(0.8 + 0.3 * 3.2)
    assert runner.model.teacher.mean.item() == 0.0
    assert runner.message_hub.get_scalar('train/teacher_momentum').current() == pytest.approx(0.3)


def test_teacher_starts_as_the_student_and_moves_every_interval():
    runner = runner_of(pair())
    hook = ScheduledMeanTeacherHook(momentum=0.5, interval=2, skip_buffer=False)
    hook.before_train(runner)
    assert runner.model.teacher.weight.item() == runner.model.teacher.mean.item() == 4.0
    runner.model.student.weight.data.fill_(0.0)
    hook.after_train_iter(runner, 0)
    assert runner.model.teacher.weight.item() == 4.0
    runner.iter = 1
    hook.after_train_iter(runner, 1)
    assert runner.model.teacher.weight.item() == 2.0


@pytest.mark.parametrize('momentum', [0.0, 1.0, dict(LINEAR, start=0.0)])
def test_momentum_outside_its_range(momentum):
    with pytest.raises(ValueError, match='above 0 and below 1'):
        ScheduledMeanTeacherHook(momentum=momentum)


def test_loss_weights_follow_the_step():
    runner = runner_of(nn.Module())
    hook = LossWeightScheduleHook(teacher_loss_weight=LINEAR)
    runner.iter = 1
    hook.before_train_iter(runner, 1)
    assert runner.model.supervised_loss_weight == 1.0
    assert runner.model.teacher_loss_weight == pytest.approx(0.3)
    with pytest.raises(ValueError, match='teacher_loss_weight to be at least 0'):
        LossWeightScheduleHook(teacher_loss_weight=-1.0)


def guarded(max_in_a_row=3, accumulative_counts=1):
    """One weight of 1, its runner, and the hook in place."""
    weight = nn.Parameter(torch.ones(1))
    wrapper = OptimWrapper(torch.optim.SGD([weight], lr=0.1), clip_grad=dict(max_norm=9.0),
                           accumulative_counts=accumulative_counts)
    hub = MessageHub('test_non_finite')
    runner = SimpleNamespace(optim_wrapper=wrapper, iter=0, work_dir='work', message_hub=hub)
    hook = NonFiniteLossHook(max_in_a_row)
    hook.before_train(runner)
    return weight, runner, hook


def step(weight, runner, hook, factor):
    loss = (weight * factor).sum()
    runner.optim_wrapper.update_params(loss)
    hook.after_train_iter(runner, runner.iter, outputs=dict(loss=loss.item(), loss_good=1.0))
    runner.iter += 1


def test_a_bad_loss_is_skipped_and_counted():
    weight, runner, hook = guarded()
    for factor in (1.0, float('nan'), float('inf'), 1.0):
        step(weight, runner, hook, factor)
    assert weight.item() == pytest.approx(0.8)  # two good steps of 0.1
    assert runner.message_hub.get_info('skipped_losses') == 2
    assert runner.message_hub.get_info('skipped_losses_in_a_row') == 0
    hook.after_train(runner)
    assert runner.optim_wrapper.update_params.__func__ is OptimWrapper.update_params


def test_several_bad_losses_in_a_row_stop_the_training():
    weight, runner, hook = guarded(max_in_a_row=2)
    step(weight, runner, hook, float('nan'))
    with pytest.raises(S2DInputError, match=r'step 2: .* 2 steps in a row \(loss\).*Lower'):
        step(weight, runner, hook, float('nan'))
    assert weight.item() == 1.0
    with pytest.raises(ValueError, match='at least 1'):
        NonFiniteLossHook(0)


def test_bad_losses_are_named_briefly():
    outputs = {f'd{layer}.loss_mask': torch.tensor(float('nan')) for layer in range(5)}
    assert _name_bad({'loss': float('nan'), **outputs}) == (
        'd0.loss_mask, d1.loss_mask, d2.loss_mask and 2 more')
    assert _name_bad(dict(loss=1.0)) == 'a loss of another worker'


@pytest.mark.parametrize('factors', [(2.0, float('nan')), (float('nan'), 2.0)])
def test_accumulation_leaves_out_the_bad_part(factors):
    weight, runner, hook = guarded(accumulative_counts=2)
    for factor in factors:
        step(weight, runner, hook, factor)
    assert weight.item() == pytest.approx(0.9)  # lr 0.1 times 2.0 / 2
    assert weight.grad is None
    for _ in range(2):                          # nothing but bad parts: no update
        runner.message_hub.update_info('skipped_losses_in_a_row', 0)
        step(weight, runner, hook, float('nan'))
    assert weight.item() == pytest.approx(0.9)


def checked(model, weights, may_differ=()):
    checkpoint = dict(state_dict=weights)
    CheckpointFitHook(may_differ).after_load_checkpoint(runner_of(model), checkpoint)
    return checkpoint['state_dict']


def test_a_segmenter_fills_student_and_teacher_also_their_buffers():
    weights = dict(weight=torch.ones(1), mean=torch.ones(1))
    found = checked(pair(), {f'module.{name}': value for name, value in weights.items()})
    assert sorted(found) == ['student.mean', 'student.weight', 'teacher.mean', 'teacher.weight']


def test_another_architecture_is_refused():
    weights = dict(weight=torch.ones(2), other=torch.ones(1))
    with pytest.raises(S2DInputError, match=r'some.pth is of another architecture: 2 weights '
                       'missing, 2 left over, 2 of another shape, for example student.weight'):
        checked(pair(), weights)
    assert checked(pair(), weights, ['weight', 'other', 'mean']) == {}
    assert checked(pair(), weights, ['']) == {}
    with pytest.raises(S2DInputError, match='holds no weights'):
        checked(pair(), dict(epoch=3))


def test_weights_change_their_names_with_the_model():
    one, two = torch.ones(1), torch.zeros(1)
    distilled = {'student.backbone.a': one, 'teacher.backbone.a': two}
    assert adapt_weights(distilled, ['backbone.a']) == {'backbone.a': two}
    assert adapt_weights(distilled, distilled) == distilled
    image = {'backbone.a': one, 'panoptic_head.b': two}
    assert adapt_weights(image, ['backbone.a', 'track_head.b']) == {
        'backbone.a': one, 'track_head.b': two}
    assert sorted(adapt_weights(image, ['student.track_head.b', 'teacher.track_head.b'])) == [
        'student.backbone.a', 'student.track_head.b',
        'teacher.backbone.a', 'teacher.track_head.b']


def test_a_step_of_bad_parts_alone_is_no_step(monkeypatch):
    """Without any gradient the optimiser is not asked: its own counters stay."""
    weight, runner, hook = guarded(max_in_a_row=9, accumulative_counts=2)
    steps = []
    monkeypatch.setattr(runner.optim_wrapper, 'step', lambda: steps.append(runner.iter))
    for factor in (float('nan'), float('inf'), float('nan'), 2.0):
        step(weight, runner, hook, factor)
    assert steps == [3]


def drawn(hook, monkeypatch, seed=0, rank=0, step=0):
    """The random numbers of one step."""
    monkeypatch.setattr('s2d_plugins.hooks.exact_resume_hook.get_rank', lambda: rank)
    hook.before_train_iter(SimpleNamespace(seed=seed, iter=step), 0)
    return torch.rand(4).tolist()


def test_every_step_rank_and_seed_has_random_numbers_of_its_own(monkeypatch):
    hook = ExactResumeHook()
    first = drawn(hook, monkeypatch)
    assert first == drawn(hook, monkeypatch)
    for change in (dict(seed=1), dict(rank=1), dict(step=1)):
        assert first != drawn(hook, monkeypatch, **change)


@pytest.mark.parametrize('replay', [True, False])
def test_batches_are_drawn_again_only_if_asked(replay):
    skipped = []

    class Batches:
        drawn = 0

        def skip_iter(self, count):
            skipped.append(count)

        def __next__(self):
            self.drawn += 1

    batches = Batches()
    runner = SimpleNamespace(train_loop=SimpleNamespace(dataloader_iterator=batches))
    ExactResumeHook(replay_data=replay).before_train(runner)
    batches.skip_iter(3)
    assert (batches.drawn, skipped) == ((3, []) if replay else (0, [3]))


def test_a_checkpoint_fills_the_model_inside_test_time_augmentation():
    class Augmented(BaseTTAModel):
        def merge_preds(self, data_samples_list):
            return data_samples_list

    model = nn.Linear(2, 1)
    model.test_step = None  # what the wrapper asks for
    model.data_preprocessor = None
    wrapped = Augmented.__new__(Augmented)
    nn.Module.__init__(wrapped)
    wrapped.module = model
    assert checked(wrapped, model.state_dict()).keys() == {'weight', 'bias'}
