"""Conversion of CutLER's detector, there and back, and what is refused."""

import pytest
import torch
from detector_files import detectron2_state, narrow_detector
from mmengine.registry import init_default_scope
from official_files import mask2former_state, same_bytes

from s2d_plugins.errors import S2DInputError
from s2d_plugins.model_converters import cascade_to_detectron2, cascade_to_mmdet
from s2d_plugins.model_converters.cascade_names import cascade_constants
from s2d_plugins.registry import MODELS

STATE = detectron2_state()
FC = 'roi_heads.box_head.1.fc1.weight'


@pytest.mark.parametrize('state', [STATE, detectron2_state(counters=False),
                                   detectron2_state(constants=False)])
@pytest.mark.parametrize('wrapped', [True, False])
def test_round_trip(state, wrapped):
    converted = cascade_to_mmdet(dict(model=state, optimizer={}, iteration=3) if wrapped else state)
    assert converted.left_out == (('optimizer', 'iteration') if wrapped else ())
    assert (converted.backbone, converted.sizes.classes) == ('ResNet-50', 1)
    back = cascade_to_detectron2(converted.checkpoint)
    assert same_bytes(back.checkpoint['model'], state)


@pytest.mark.parametrize('counters', [True, False])
def test_tensors_are_those_of_our_config(counters):
    init_default_scope('s2d_plugins')
    model = MODELS.build(narrow_detector().model)
    converted = cascade_to_mmdet(detectron2_state(counters)).checkpoint['state_dict']
    model.load_state_dict(converted)
    assert (converted['backbone.bn1.num_batches_tracked'] == 7) == counters
    # a model that was trained here and knows nothing of constants
    back = cascade_to_detectron2(dict(state_dict=model.state_dict())).checkpoint['model']
    assert set(back) == set(STATE) - set(cascade_constants())
    assert torch.equal(back[FC], STATE[FC])


def test_anchors_by_hand():
    anchors = cascade_constants()['proposal_generator.anchor_generator.cell_anchors.0']
    # 32 x 32 pixels: square in the second row; in the third half as wide as high
    assert anchors[1].tolist() == [-16, -16, 16, 16]
    width, height = (anchors[2, 2:] - anchors[2, :2]).tolist()
    assert height == pytest.approx(2 * width) and width * height == pytest.approx(1024)


def without(name):
    return {key: tensor for key, tensor in STATE.items() if key != name}


BGR = torch.tensor([103.53, 116.28, 123.675])[:, None, None]


@pytest.mark.parametrize(('state', 'message'), [
    (without(FC), rf'missing tensors: 1 \({FC}\); expected a class-agnostic Cascade Mask R-CNN '
                  'with ResNet-50'),
    (dict(STATE, more=torch.zeros(1)), r'without counterpart: 1 \(more\)'),
    (dict(STATE, **{FC: torch.zeros(24, 3)}), rf'{FC} is \(24, 3\), expected \(24, 784\)'),
    (dict(STATE, pixel_mean=BGR), r'pixel_mean: expected \(3, 1, 1\) \(123.675, 116.28, .*found .*'
                                  r'\(103.53'),
    (dict(STATE, pixel_std=torch.ones(3)), r'pixel_std: expected'),
    (mask2former_state(), 'expected the detector of CutLER or CutS3D.*roi_heads'),
    (dict(model={}), 'found none'),
    (dict(model=dict(a='b')), 'expected tensors by name'),
    (cascade_to_mmdet(STATE).checkpoint, 'named as in mmdet.* add --reverse'),
    ({key: value for key, value in STATE.items() if 'bottom_up' not in key}, 'no backbone')])
def test_what_is_not_converted_is_named(state, message):
    with pytest.raises(S2DInputError, match=message) as info:
        cascade_to_mmdet(state)
    assert '\n' not in str(info.value)


@pytest.mark.parametrize(('state', 'message'), [
    (STATE, 'named as in detectron2.* leave out --reverse'),
    (dict(a=torch.zeros(1)), 'whose names start with roi_head.'),
    *[(dict(cascade_to_mmdet(STATE).checkpoint, meta=dict(official_checkpoint=record)),
       'meta.official_checkpoint is damaged') for record in (
           3, dict(constants=3), dict(constants=[3]), dict(constants=[(0, 'a', 3)]))],
    ({key.replace('roi_head.mask_head.', 'roi_head.mask_head.0.'): value for key, value
      in cascade_to_mmdet(STATE).checkpoint['state_dict'].items()}, 'without counterpart: 12')])
def test_what_is_not_converted_back_is_named(state, message):
    with pytest.raises(S2DInputError, match=message):
        cascade_to_detectron2(state)
