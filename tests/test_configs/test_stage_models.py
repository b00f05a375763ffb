"""The models of the stages at full size: they build, and the weights of one start the next."""

import pytest
from config_files import BACKBONES, changed_keys, read_config, shrink
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import nn

from s2d_plugins.models import TemporalDropLoss
from s2d_plugins.models.weight_names import adapt_weights
from s2d_plugins.registry import MODELS

IMAGE = 'image/mask2former_{}_8xb2-lsj-160k.py'
DISTILL = 'sparse_to_dense/s2d_mask2former_{}_4xb1-32k.py'
VIDEOCUTLER = 'videocutler/videocutler_mask2former_r50_8xb2-80k.py'


def shapes(model) -> dict[str, tuple]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


@pytest.mark.parametrize('backbone', BACKBONES)
def test_image_weights_are_the_video_segmenters(backbone, no_weights):
    image = MODELS.build(read_config(IMAGE.format(backbone)).model)
    video = MODELS.build(read_config(DISTILL.format(backbone)).model.detector)
    wanted = shapes(video)
    assert shapes_of(adapt_weights(image.state_dict(), wanted)) == wanted
    assert sum(p.numel() for p in video.parameters()) > {
        'r50': 4e7, 'swin-t-p4-w7-224': 4.5e7, 'swin-l-p4-w12-384': 2e8}[backbone]


def dropouts(model) -> set[float]:
    return {module.p for module in model.modules() if isinstance(module, nn.Dropout)}


def shapes_of(weights: dict) -> dict[str, tuple]:
    return {name: tuple(value.shape) for name, value in weights.items()}


@pytest.mark.parametrize('backbone', BACKBONES[:2])
def test_student_and_teacher_are_segmenters(backbone, no_weights):
    video = MODELS.build(read_config(DISTILL.format(backbone)).model.detector)
    distiller = MODELS.build(read_config(DISTILL.format(backbone)).model)
    wanted = shapes(distiller)
    assert shapes_of(adapt_weights(video.state_dict(), wanted)) == wanted
    assert shapes(distiller.student) == shapes(distiller.teacher) == shapes(video)
    head = distiller.student.track_head
    assert (head.num_queries, head.num_classes, head.num_frames, head.num_points) == (
        100, 1, 3, 160000)
    assert isinstance(head.loss_mask, TemporalDropLoss)
    assert isinstance(head.loss_dice, TemporalDropLoss)
    assert (len(head.pixel_decoder.encoder.layers), len(head.transformer_decoder.layers)) == (6, 9)
    assert dropouts(head.pixel_decoder) == {0.3} and dropouts(head.transformer_decoder) == {0.0}


def test_s2ds_and_videocutlers_segmenters_differ_in_losses_alone():
    detector = read_config(DISTILL.format('r50')).model.detector.to_dict()
    other = read_config(VIDEOCUTLER).model.to_dict()
    for model in (detector, other):
        for key in ('loss_cls', 'loss_mask', 'loss_dice', 'train_cfg'):
            del model['track_head'][key]
    assert detector == other


@pytest.mark.parametrize('form', ['4xb1-32k', '1xb1-accum4-32k_youtubevis2021'])
def test_the_final_round_differs_from_the_first_in_its_labels_alone(form):
    first, final = (read_config(f'{stage}/s2d_mask2former_r50_{form}.py').to_dict()
                    for stage in ('sparse_to_dense', 'final'))
    assert changed_keys(first, final) == {'ann_file', 'min_score'}


@pytest.mark.parametrize('backbone', BACKBONES)
@pytest.mark.parametrize('path', [IMAGE, DISTILL])
def test_backbones_differ_in_backbone_and_channels_alone(path, backbone):
    model, base = (read_config(path.format(name)).model.to_dict() for name in (backbone, 'r50'))
    model, base = (part.get('detector', part) for part in (model, base))
    model.pop('backbone')
    base.pop('backbone')
    assert changed_keys(model, base) <= {'in_channels'}


def test_swin_trains_at_the_rates_of_mmdets_mask2former(tmp_path):
    """Each weight has the rate and decay that mmdet's own Swin config gives it."""
    (tmp_path / 'theirs.py').write_text(
        "_base_ = 'mmdet::mask2former/mask2former_swin-t-p4-w7-224_8xb2-lsj-50e_coco.py'")
    theirs = Config.fromfile(tmp_path / 'theirs.py').optim_wrapper
    config = shrink(read_config(IMAGE.format('swin-t-p4-w7-224')))
    model = MODELS.build(config.model)
    ours = settings_of_weights(config.optim_wrapper, model)
    expected = settings_of_weights(dict(
        theirs, optimizer=config.optim_wrapper.optimizer), model)
    assert ours == expected
    assert {setting for name, setting in ours.items() if name.startswith('backbone.')} == {
        (2e-6, 0.0), (2e-6, 0.05)}


def settings_of_weights(optim_wrapper: dict, model) -> dict[str, tuple[float, float]]:
    """Return rate and weight decay of every parameter."""
    optim_wrapper = dict(optim_wrapper, type='OptimWrapper')  # mixed precision needs a GPU
    names = {id(weight): name for name, weight in model.named_parameters()}
    return {names[id(weight)]: (round(group['lr'], 12), group['weight_decay'])
            for group in build_optim_wrapper(model, optim_wrapper).optimizer.param_groups
            for weight in group['params']}


@pytest.mark.parametrize('backbone', BACKBONES)
def test_optimiser_of_the_distiller_is_that_of_its_student(backbone):
    config = shrink(read_config(DISTILL.format(backbone)))
    model = MODELS.build(config.model)
    rates = settings_of_weights(config.optim_wrapper, model)
    assert all(name.startswith('student.') for name in rates)
    trained = [name for name, weight in model.student.named_parameters() if weight.requires_grad]
    assert {f'student.{name}' for name in trained} <= rates.keys()
    assert {rate for rate, _ in rates.values()} == {1e-6}  # one for all parts, as published
    if 'swin' in backbone:
        assert rates['student.backbone.norm3.weight'] == (1e-6, 0.0)
    assert rates['student.track_head.query_feat.weight'] == (1e-6, 0.0)
