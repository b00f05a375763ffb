import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from small_model import build_small, make_batch, make_clip, small_config

from s2d_plugins.errors import S2DInputError, one_line
from s2d_plugins.registry import MODELS

BOX = (8, 8, 40, 40)


def loss_of(model, clips):
    model.train()
    return model.loss(**model.data_preprocessor(make_batch(*clips), True))


def test_keymask_and_teacher_terms_have_separate_names():
    model = build_small(teacher_score_thr=0.0)
    losses = loss_of(model, [make_clip([{1: BOX}, {}, {1: BOX}])])
    assert 'loss_mask' in losses and 'kd_loss_mask' in losses and 'd0.kd_loss_dice' in losses
    sum(losses.values()).backward()
    assert all(p.grad is None for p in model.teacher.parameters())
    assert all(p.grad is not None for p in model.student.parameters())


def test_without_teacher_weight_there_are_no_teacher_terms():
    losses = loss_of(build_small(teacher_loss_weight=0.0), [make_clip([{1: BOX}, {}, {}])])
    assert not any('kd_' in name for name in losses)


def test_batches_of_several_clips():
    model = build_small(teacher_score_thr=0.0)
    losses = loss_of(model, [make_clip([{1: BOX}, {}, {}]), make_clip([{}, {}, {}])])
    assert all(torch.isfinite(value) for value in losses.values())


def test_teacher_targets_are_confident_best_first_and_unknown_where_empty():
    model = build_small(teacher_score_thr=0.6, teacher_max_instances=2)
    probability = torch.tensor([0.9, 0.5, 0.7, 0.8, 0.65])
    scores = torch.stack([probability, 1 - probability], dim=1).log()[None]
    masks = torch.full((1, 5, 3, 4, 4), -1.0)
    masks[0, :, :2] = 1.0
    masks[0, 0] = -1.0                     # the best query is empty everywhere
    model.teacher.backbone.forward = lambda images: None
    model.teacher.track_head.forward_last = lambda x, clips: (scores, masks)
    targets = model.teacher_targets(torch.zeros(3, 3, 8, 8), 1)[0]
    assert len(targets) == 1
    assert targets.known.tolist() == [[True, True, False]]
    # at the size of the images, as keymasks are
    assert targets.masks.shape == (1, 3, 8, 8) and targets.masks[0, 0].all()
    model.teacher_score_thr = 0.95
    assert model.teacher_targets(torch.zeros(3, 3, 8, 8), 1)[0].masks.shape == (0, 3, 8, 8)


def test_teacher_tubes_that_repeat_a_better_one_are_dropped():
    scores = torch.tensor([0.9, 0.8, 0.7]).log()
    scores = torch.stack([scores, torch.full((3,), -9.0)], dim=1)[None]
    masks = torch.full((1, 3, 3, 4, 4), -1.0)
    masks[0, :2, :, :2] = 1.0              # the first two are alike, the third is elsewhere
    masks[0, 2, :, 2:] = 1.0
    for nms_iou, expected in ((None, 3), (0.75, 2)):
        model = build_small(teacher_score_thr=0.0, teacher_nms_iou=nms_iou)
        model.teacher.backbone.forward = lambda images: None
        model.teacher.track_head.forward_last = lambda x, clips: (scores, masks)
        targets = model.teacher_targets(torch.zeros(3, 3, 8, 8), 1)[0]
        assert len(targets) == expected
        assert targets.masks[-1, 0, 7].all()


def test_loss_weights_scale_their_terms_alone():
    clip = make_clip([{1: BOX}, {}, {1: BOX}])
    plain = loss_of(build_small(teacher_score_thr=0.0), [clip])
    weighted = loss_of(build_small(teacher_score_thr=0.0, supervised_loss_weight=0.5,
                                   teacher_loss_weight=3.0), [clip])
    for name, value in plain.items():
        factor = 3.0 if 'kd_' in name else 0.5
        torch.testing.assert_close(weighted[name], value * factor)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda model: (model.detector.pop('test_cfg'),
                    model.detector.update(type='mmdet.Mask2FormerVideo')),
     'its detector needs segment_window, which Mask2FormerVideo does not have; take Sparse'),
    (lambda model: model.detector.track_head.update(type='mmdet.Mask2FormerTrackHead'),
     'its detector needs collect_targets, which Mask2FormerTrackHead does not have'),
    (lambda model: (model.pop('detector'), model.update(
        detector=dict(type='mmdet.ResNet', depth=18),
        data_preprocessor=dict(type='TrackDataPreprocessor'))),
     'its detector needs track_head, which ResNet does not have'),
    (lambda model: model.detector.pop('data_preprocessor'),
     'neither it nor its detector has a data_preprocessor')])
def test_a_detector_that_cannot_be_distilled_is_refused_when_built(change, message):
    init_default_scope('s2d_plugins')
    config = small_config().model
    change(config)
    with pytest.raises(S2DInputError, match=message) as caught:
        MODELS.build(config)
    assert '\n' not in one_line(caught.value)


def test_predict_with():
    with pytest.raises(S2DInputError, match="'teacher' or 'student', found 'both'"):
        build_small(predict_with='both')


def test_clips_of_another_length_are_refused():
    with pytest.raises(S2DInputError, match='clips of 3 frames, found 2 in that of 0.jpg'):
        loss_of(build_small(), [make_clip([{1: BOX}, {}])])


def test_teacher_never_trains():
    model = build_small().train()
    assert not any(part.training for part in (
        model.teacher, model.teacher.backbone, model.teacher.track_head))


def test_optimiser_holds_the_student_alone():
    model = build_small()
    config = small_config()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    held = {id(p) for group in wrapper.optimizer.param_groups for p in group['params']}
    assert held == {id(p) for p in model.student.parameters()}


@pytest.mark.parametrize('who', ['teacher', 'student'])
def test_predict_with_either(who):
    model = build_small(predict_with=who).eval()
    assert model.predictor is getattr(model, who)
    data = model.data_preprocessor(make_batch(make_clip([{}] * 4)), False)
    result = model.predict(**data)[0]
    frame = result[0].pred_track_instances
    assert len(result) == 4
    assert frame.masks.shape[1:] == (64, 64)
    assert len(frame.scores) == len(frame.masks) == len(frame.instances_id)


@pytest.mark.parametrize(('mode', 'drops'), [('train', True), ('eval', False)])
def test_dropout_of_the_teacher_acts_as_its_mode_says(mode, drops):
    encoder = dict(layer_cfg=dict(self_attn_cfg=dict(dropout=0.3), ffn_cfg=dict(ffn_drop=0.3)))
    model = build_small(head=dict(pixel_decoder=dict(encoder=encoder)), teacher_score_thr=0.0,
                        teacher_mode=mode)
    model.train()
    images = torch.rand(3, 3, 64, 64)
    first, second = (model.teacher.track_head.forward_last(model.teacher.backbone(images))[1]
                     for _ in range(2))
    assert torch.equal(first, second) != drops
    # statistics of normalisation never move, and for inference nothing drops
    assert not any(module.training for module in model.teacher.modules()
                   if isinstance(module, torch.nn.modules.batchnorm._BatchNorm))
    model.eval()
    assert not any(module.training for module in model.teacher.modules())


def test_the_published_teacher_is_in_train_mode():
    assert build_small().teacher_mode == 'train'
    with pytest.raises(S2DInputError, match="'train' or 'eval', found 'x'"):
        build_small(teacher_mode='x')
