"""What building says of a config that does not fit is one line with the class at fault."""

import errno
import re
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

from s2d_plugins.errors import S2DInputError, S2DOutputError
from s2d_plugins.fileio.configs import config_errors, load_config
from s2d_plugins.registry import DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[2] / 'configs'


def told(make) -> str:
    init_default_scope('s2d_plugins')
    with pytest.raises(S2DInputError) as info, config_errors('a.py'):
        make()
    message = str(info.value)
    assert '\n' not in message and len(message) < 500
    return message


@pytest.mark.parametrize(('change', 'owner'), [
    ({'detector.backbone.depth': 51}, 'ResNet'),
    ({'detector.backbone.depth': '18'}, 'ResNet'),
    ({'detector.backbone.num_stages': 9}, 'ResNet'),
    ({'detector.backbone.out_indices': 3}, 'ResNet'),
    ({'detector.backbone.strides': (1,)}, 'ResNet'),
    ({'detector.backbone.norm_cfg': 'BN'}, 'ResNet'),
    ({'detector.backbone.norm_cfg.type': 'XN'}, 'ResNet: Cannot find'),
    ({'detector.backbone.stem_channels': -4}, 'ResNet|Conv2d'),
    ({'detector.backbone': 'resnet'}, 'SparseToDenseVideo|Mask2FormerVideo'),
    ({'detector.backbone.type': 'NoNet'}, 'NoNet is not in the'),
    ({'detector.backbone.type': 3}, 'type must be a str'),
    ({'detector.backbone.nothing': 3}, "unexpected keyword argument 'nothing'"),
    ({'detector.track_head': None}, 'SparseToDenseVideo|Mask2FormerVideo'),
    ({'detector.track_head.in_channels': 3}, 'PixelDecoder'),
    ({'detector.track_head.feat_channels': 'wide'}, 'SparseToDenseHead: expected feat_channels'),
    ({'detector.track_head.num_queries': -1}, 'SparseToDenseHead: expected num_queries'),
    ({'detector.track_head.pixel_decoder.encoder.num_layers': 'two'}, 'TypeError|expected|int'),
    ({'detector.track_head.pixel_decoder.encoder': None}, 'SparseToDenseHead'),
    ({'detector.track_head.transformer_decoder.layer_cfg': 3}, 'SparseToDenseHead'),
    ({'detector.track_head.loss_cls': None}, 'SparseToDenseHead'),
    ({'detector.track_head.loss_cls': 'CrossEntropyLoss'}, 'SparseToDenseHead'),
    ({'detector.track_head.train_cfg': 3}, 'SparseToDenseHead'),
    ({'detector.track_head.train_cfg.assigner': None}, 'SparseToDenseHead'),
    ({'detector.track_head.train_cfg.sampler': None}, 'SparseToDenseHead'),
    ({'detector.data_preprocessor.mean': (1, 2)}, 'ClipDataPreprocessor'),
    ({'detector.data_preprocessor.mean': 'x'}, 'ClipDataPreprocessor'),
    ({'teacher_score_thr': 2}, 'SparseToDenseDistiller: expected teacher_score_thr'),
])
def test_models(change, owner):
    config = load_config(CONFIGS / 'sparse_to_dense/s2d_small.py')
    config.merge_from_dict({f'model.{key}': value for key, value in change.items()})
    assert re.search(owner, told(lambda: MODELS.build(config.model)))


@pytest.mark.parametrize(('registry', 'settings', 'expected'), [
    (TRANSFORMS, dict(type='Resize'), 'config a.py: Resize'),
    (TRANSFORMS, dict(type='mmdet.RandomFlip', prob=7), 'RandomFlip'),
    (TRANSFORMS, dict(type='mmdet.RandomCrop', crop_size=3), 'RandomCrop'),
    (TRANSFORMS, dict(type='TransformBroadcaster', transforms=3), 'Compose: transform must be'),
    (TRANSFORMS, dict(type='TransformBroadcaster', transforms=[dict(type='ClipRotate', prob=7)]),
     'ClipRotate: expected prob to be'),
    (TRANSFORMS, [], 'cfg should be a dict'), (TRANSFORMS, dict(prob=1), 'must contain the key'),
    (DATASETS, dict(type='KeymaskDataset', ann_file='no.json'), 'no.json'),
    (DATASETS, dict(type='RepeatDataset', dataset=dict(type='KeymaskDataset', ann_file='no.json')),
     'RepeatDataset'),
    (HOOKS, dict(type='CheckpointHook', save_best=3), 'CheckpointHook: AssertionError'),
    (METRICS, dict(type='ClassAgnosticVISMetric', ann_file='no.json'), 'no.json'),
    (METRICS, dict(type='DAVISMetric'), "required positional argument: 'gt_dir'"),
])
def test_other_parts(registry, settings, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert expected in told(lambda: registry.build(settings))


class Broken:
    """Stands for any class that cannot bear its values."""

    def __init__(self, error):
        raise error


@pytest.mark.parametrize(('error', 'message'), [
    (KeyError('dataset'), "config a.py: Broken: it has no 'dataset'; correct it"),
    (KeyError('a key with words'), 'config a.py: Broken: a key with words; correct it'),
    (KeyError(3), "Broken: it has no '3'"), (KeyError(), 'Broken: '),
    (AttributeError("'int' object has no attribute 'type'"),
     "Broken: AttributeError: 'int' object has no attribute 'type'"),
    (AssertionError(), 'Broken: AssertionError: raise error'),
    (ZeroDivisionError('division by zero'), 'Broken: ZeroDivisionError: division by zero'),
    (RuntimeError('a\n\x1b[1mb'), 'Broken: RuntimeError: a ?[1mb'),
    (NotImplementedError(), 'Broken: NotImplementedError'),
    (ValueError('x' * 9999), 'xxx'),
    (OSError(errno.ENOENT, 'No such file', 'a.txt'), 'Broken: FileNotFoundError: [Errno 2]'),
    (Exception('of no kind'), 'Broken: Exception: of no kind'),
])
def test_messages(error, message):
    assert message in told(lambda: MODELS.build(dict(type=Broken, error=error)))


@pytest.mark.parametrize('error', [MemoryError(), KeyboardInterrupt(), SystemExit(3),
                                   OSError(errno.ENOSPC, 'No space left'),
                                   S2DInputError('one line already')])
def test_what_the_config_is_not_to_blame_for_passes_through(error):
    with pytest.raises(type(error)) as info, config_errors('a.py'):
        raise error
    assert info.value is error


@pytest.mark.parametrize(('error', 'line'), [
    (ValueError('no such mode'), 'config a.py: proposer: no such mode; correct it'),
    (S2DInputError('b.pth is empty'), 'config a.py: proposer: b.pth is empty'),
    (S2DInputError('config a.py: proposer: no'), 'config a.py: proposer: no')])
def test_the_part_is_named_once(error, line):
    with pytest.raises(S2DInputError) as info, config_errors('a.py', key='proposer'):
        raise error
    assert str(info.value) == line


def test_an_output_is_no_fault_of_a_part():
    error = S2DOutputError('cannot write a: No space left')
    with pytest.raises(S2DOutputError) as info, config_errors('a.py', key='proposer'):
        raise error
    assert info.value is error


def test_errors_pass_through_once_the_config_has_proved_itself():
    with pytest.raises(TypeError), config_errors('a.py', lambda: False):
        raise TypeError('later')


class Items(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return [][index]


def test_errors_of_workers_name_their_code():
    message = told(lambda: list(DataLoader(Items(), num_workers=1)))
    assert 'config a.py: test_config_faults.py, line ' in message
    assert 'IndexError: list index out of range' in message
