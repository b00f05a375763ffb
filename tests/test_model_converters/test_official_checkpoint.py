"""Conversion of checkpoints, there and back, and what is refused."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from official_files import (
    as_detectron2,
    build,
    mask2former_state,
    narrow_segmenter,
    s2d_state,
    same_bytes,
)

from s2d_plugins.errors import S2DInputError
from s2d_plugins.model_converters import Layers, to_official, to_ours

S2D, PLAIN = s2d_state(), mask2former_state()


def of_model(state: dict, name: str) -> dict:
    """The tensors of student or teacher of an S2D checkpoint, as a plain one has them."""
    plain = {}
    for key, tensor in state.items():
        for prefix, new in ((f'{name}.0.', 'backbone.'), (f'{name}.1.', 'sem_seg_head.')):
            if key.startswith(prefix):
                plain[new + key.removeprefix(prefix)] = tensor
    return plain


@pytest.mark.parametrize('state, branch, target', [
    (S2D, None, 'SparseToDenseDistiller'),
    (S2D, 'both', 'SparseToDenseDistiller'),
    (PLAIN, None, 'SparseToDenseVideo')])
@pytest.mark.parametrize('wrapped', [True, False])
def test_round_trip(state, branch, target, wrapped):
    converted = to_ours(as_detectron2(state) if wrapped else state, branch)
    assert converted.target.name == target
    assert converted.left_out == (('optimizer', 'scheduler', 'iteration') if wrapped else ())
    back = to_official(converted.checkpoint)
    assert same_bytes(back.checkpoint['model'], state)
    assert back.target.name == converted.source.name and back.left_out == ()


def test_round_trip_of_an_image_model():
    converted = to_ours(PLAIN, image=True)
    assert converted.target.name == 'image Mask2Former of mmdet'
    assert 'panoptic_head.query_feat.weight' in converted.checkpoint['state_dict']
    assert same_bytes(to_official(converted.checkpoint).checkpoint['model'], PLAIN)


@pytest.mark.parametrize('name', ['student', 'teacher'])
def test_one_of_student_and_teacher(name):
    expected = of_model(S2D, name)
    assert len(expected) == 557
    converted = to_ours(S2D, name)
    assert converted.target.name == 'SparseToDenseVideo'
    expected['criterion.empty_weight'] = S2D['criterion.empty_weight']
    assert same_bytes(to_official(converted.checkpoint).checkpoint['model'], expected)
    chosen_later = to_official(to_ours(S2D).checkpoint, name).checkpoint['model']
    assert same_bytes(chosen_later, expected)


def test_one_model_becomes_student_and_teacher():
    converted = to_ours(PLAIN, 'both').checkpoint['state_dict']
    weights = [converted[f'{name}.track_head.query_feat.weight'] for name in ('student', 'teacher')]
    assert torch.equal(*weights) and weights[0].data_ptr() != weights[1].data_ptr()
    back = to_official(to_ours(PLAIN).checkpoint, 'both').checkpoint['model']
    assert same_bytes(of_model(back, 'student'), PLAIN)
    assert same_bytes(of_model(back, 'teacher'), PLAIN)


def test_our_models_load_it_strictly():
    detector = narrow_segmenter()
    segmenter = build(detector)
    segmenter.load_state_dict(to_ours(S2D, 'teacher').checkpoint['state_dict'], strict=True)
    assert torch.equal(segmenter.track_head.query_feat.weight,
                       S2D['teacher.1.predictor.query_feat.weight'])
    distiller = build(dict(type='SparseToDenseDistiller', detector=detector))
    distiller.load_state_dict(to_ours(S2D).checkpoint['state_dict'], strict=True)
    for name in ('student', 'teacher'):
        assert torch.equal(getattr(distiller, name).backbone.bn1.running_var,
                           S2D[f'{name}.0.stem.conv1.norm.running_var'])
        assert int(getattr(distiller, name).backbone.bn1.num_batches_tracked) == 0


def test_a_trained_model_of_ours_is_converted_without_counters():
    model = build(narrow_segmenter())
    model.load_state_dict(to_ours(PLAIN).checkpoint['state_dict'])
    model.backbone.bn1.num_batches_tracked.fill_(5)
    trained = dict(meta=dict(iter=3), state_dict=model.state_dict(), optimizer={},
                   message_hub={})
    back = to_official(trained)
    assert back.left_out == ('optimizer', 'message_hub')
    written = back.checkpoint['model']
    assert written.keys() == PLAIN.keys()
    assert all(torch.equal(written[name], PLAIN[name]) for name in PLAIN)


def test_counters_of_batch_norms_that_are_not_frozen_are_kept():
    state = OrderedDict()
    for index, (name, tensor) in enumerate(PLAIN.items()):
        state[name] = tensor
        if name.endswith('running_var'):
            state[name.replace('running_var', 'num_batches_tracked')] = torch.tensor(index)
    converted = to_ours(state).checkpoint
    assert int(converted['state_dict']['backbone.bn1.num_batches_tracked']) == 4
    assert same_bytes(to_official(converted).checkpoint['model'], state)


def test_constants_of_the_config_are_kept_where_they_were():
    state = OrderedDict(pixel_mean=torch.ones(3, 1, 1), pixel_std=torch.ones(3, 1, 1) * 2)
    state.update(S2D)
    converted = to_ours(state).checkpoint
    assert not {'pixel_mean', 'criterion.empty_weight'} & converted['state_dict'].keys()
    assert same_bytes(to_official(converted).checkpoint['model'], state)


def test_record():
    meta = to_ours(as_detectron2(S2D), 'teacher').checkpoint['meta']
    record = meta['official_checkpoint']
    assert record['source'] == 'S2D' and record['branch'] == 'teacher'
    assert record['iteration'] == 3 and record['batch_counters'] is False
    assert meta['dataset_meta'] == dict(classes=('object',))


def test_detectron2_is_told_that_names_are_not_former_ones():
    written = to_official(to_ours(PLAIN).checkpoint).checkpoint['model']
    assert written._metadata['sem_seg_head'] == dict(version=2)
    assert written._metadata['sem_seg_head.predictor'] == dict(version=2)


def test_former_names():
    former = {name.replace('query_feat', 'static_query').replace('sem_seg_head.pixel_decoder.',
                                                                 'sem_seg_head.'): tensor
              for name, tensor in PLAIN.items()}
    assert 'sem_seg_head.adapter_1.weight' in former
    assert same_bytes(to_ours(former).checkpoint['state_dict'],
                      to_ours(PLAIN).checkpoint['state_dict'])
    former['sem_seg_head.predictor.query_feat.weight'] = torch.zeros(7, 32)
    with pytest.raises(S2DInputError, match='static_query.weight and .*query_feat.weight are the '
                       'same tensor'):
        to_ours(former)


def test_numpy_arrays_are_tensors():
    arrays = {name: tensor.numpy() for name, tensor in PLAIN.items()}
    assert same_bytes(to_official(to_ours(arrays).checkpoint).checkpoint['model'], PLAIN)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_types_stay(dtype):
    name = 'sem_seg_head.predictor.query_feat.weight'
    state = {**PLAIN, name: PLAIN[name].to(dtype)}
    back = to_official(to_ours(state).checkpoint).checkpoint['model'][name]
    assert back.dtype == dtype and torch.equal(back, state[name])


@settings(max_examples=8)
@given(st.permutations(sorted(PLAIN)))
def test_any_order_is_kept(names):
    state = {name: PLAIN[name] for name in names}
    back = to_official(to_ours(state).checkpoint).checkpoint['model']
    assert list(back) == names


@settings(max_examples=15)
@given(st.lists(st.sampled_from(sorted(S2D)), min_size=1, max_size=8, unique=True))
def test_missing_tensors_are_named(names):
    constants = 'criterion.empty_weight'
    missing = [name for name in S2D if name in names and name != constants]
    state = {name: tensor for name, tensor in S2D.items() if name not in names}
    if not missing:
        to_ours(state)
        return
    with pytest.raises(S2DInputError) as info:
        to_ours(state)
    message = str(info.value)
    assert '\n' not in message
    if not any(name.endswith('.0.stem.conv1.weight') for name in missing):
        assert f'missing tensors: {len(missing)} (' in message
        assert sum(name in message for name in missing) >= min(3, len(missing))


def test_missing_branch():
    state = {name: tensor for name, tensor in S2D.items() if not name.startswith('teacher.1.')}
    with pytest.raises(S2DInputError, match=r'missing tensors: 292 \(teacher.1.pixel_decoder'):
        to_ours(state, 'student')


@pytest.mark.parametrize('name', [
    'backbone.stem.fc.weight', 'backbone.res5.3.conv1.weight', 'sem_seg_head.extra.weight',
    'sem_seg_head.predictor.transformer_ffn_layers.9.linear1.weight', 'proposal_generator.x'])
def test_tensors_without_counterpart_are_named(name):
    state = {**PLAIN, name: torch.zeros(1)}
    with pytest.raises(S2DInputError, match=rf'tensors without counterpart: 1 \({name}\)'):
        to_ours(state)


def test_a_block_too_many_of_the_third_stage_makes_it_a_deeper_resnet():
    with pytest.raises(S2DInputError, match=r'missing tensors: 254 \(backbone.res4.6.conv1.norm.* '
                       'expected Mask2Former with ResNet-101'):
        to_ours({**PLAIN, 'backbone.res4.6.conv1.weight': torch.zeros(32, 128, 1, 1)})


def test_many_names_are_counted():
    state = {**PLAIN, **{f'extra.{index}': torch.zeros(1) for index in range(10)}}
    with pytest.raises(S2DInputError, match=(
            r'tensors without counterpart: 10 \(extra.0, extra.1, extra.2 and 7 more\); expected '
            'Mask2Former with ResNet-50, 6 encoder and 9 decoder layers')):
        to_ours(state)


def test_wrong_shapes_are_named():
    name = 'sem_seg_head.predictor.query_embed.weight'
    with pytest.raises(S2DInputError, match=(
            r'tensors that do not fit the others: 1 \(.*query_embed.weight is \(9, 32\), expected '
            r'\(7, 32\)\)')):
        to_ours({**PLAIN, name: torch.zeros(9, 32)})
    with pytest.raises(S2DInputError, match=r'do not fit the others: 1 \(.*stem.conv1.norm.bias'):
        to_ours({**PLAIN, 'backbone.stem.conv1.norm.bias': torch.zeros(())})


def test_other_numbers_of_layers():
    short = {name: tensor for name, tensor in PLAIN.items()
             if not any(f'_layers.{layer}.' in name for layer in range(3, 9))
             and 'encoder.layers.5' not in name}
    with pytest.raises(S2DInputError, match='missing tensors: 124 .* 9 decoder layers'):
        to_ours(short)
    layers = Layers(encoder=5, decoder=3)
    converted = to_ours(short, layers=layers).checkpoint
    assert same_bytes(to_official(converted, layers=layers).checkpoint['model'], short)


@pytest.mark.parametrize('convert, checkpoint, message', [
    (to_ours, to_ours(PLAIN).checkpoint, 'named as in SparseToDenseVideo, .* add --reverse'),
    (to_official, PLAIN, 'named as in Mask2Former of detectron2, .* leave out --reverse'),
    (to_ours, dict(weight=torch.ones(1)), 'expected tensors whose names start with student.1. or '
     '.*sem_seg_head., found weight'),
    (to_ours, {}, 'found none'),
    (to_ours, dict(model=dict(a='text', b=np.float32(1), c=np.array(['text']))),
     r'found a \(str\), b \(float32\), c \(ndarray\)'),
    (to_official, dict(meta='text', state_dict={}), 'found none'),
    (to_ours, {3: torch.ones(1)}, r'found 3 \(Tensor\)')])
def test_what_is_no_such_checkpoint(convert, checkpoint, message):
    with pytest.raises(S2DInputError, match=message):
        convert(checkpoint)


def test_branches_that_do_not_exist():
    with pytest.raises(S2DInputError, match='has no teacher: leave out --branch .* --branch both'):
        to_ours(PLAIN, 'teacher')
    with pytest.raises(S2DInputError, match='are video models: .* --branch teacher'):
        to_ours(S2D, image=True)
