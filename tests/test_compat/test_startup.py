"""In a fresh interpreter, as pip leaves the environment: mmdet and mmengine before this package."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import cv2
import mmdet
import numpy as np
import pytest

from s2d_plugins.compat import has_compiled_ops
from s2d_plugins.labels import encode_mask, make_annotation, make_labels, make_video

ROOT = Path(__file__).parents[2]
STARTUP = ROOT / 's2d_plugins/compat/startup'
MMDET_TOOLS = Path(mmdet.__file__).parent / '.mim/tools'
SHIPPED = 'sparse_to_dense/mask2former_r50_8xb2-8e-temporal-drop_youtubevis2021.py'
CONFIG = f'''
_base_ = '{(ROOT / 'configs' / SHIPPED).as_posix()}'
train, test = _base_.train_pipeline, _base_.test_pipeline
train[1]['transforms'][1]['scale'] = test[0]['transforms'][1]['scale'] = (64, 48)
data = dict(data_root='', data_prefix=dict(img_path=''), ann_file='labels.json')
train_dataloader = dict(batch_size=1, num_workers=0, persistent_workers=False,
                        dataset=dict(data, pipeline=train))
val_dataloader = dict(num_workers=0, persistent_workers=False,
                      dataset=dict(data, pipeline=test))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='labels.json')
test_evaluator = val_evaluator
train_cfg = dict(max_iters=1, val_interval=1)
model = dict(
    backbone=dict(depth=18, stem_channels=16, base_channels=16),
    track_head=dict(
        in_channels=[16, 32, 64, 128], num_queries=10,
        pixel_decoder=dict(encoder=dict(num_layers=1)), transformer_decoder=dict(num_layers=1),
        loss_mask=dict(num_points=64), train_cfg=dict(num_points=64)))
'''
#: Runs tools one after the other in one interpreter that started with the files of ``startup``.
RUN_TOOLS = '''
import json, runpy, site, sys
site.addsitedir(sys.argv[1])
for command in json.loads(sys.argv[2]):
    sys.argv = command
    try:
        runpy.run_path(command[0], run_name='__main__')
    except SystemExit as end:
        if end.code:
            raise
'''


def run(code: str, *arguments, flags=(), env=None, cwd=None) -> None:
    """Run code in a fresh interpreter, with the package of this checkout."""
    result = subprocess.run(
        [sys.executable, *flags, '-c', code, *map(str, arguments)], text=True, cwd=cwd,
        capture_output=True, check=False,
        env={**os.environ, 'PYTHONPATH': str(ROOT), **(env or {})})
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(has_compiled_ops(), reason='mmcv has compiled ops')
@pytest.mark.parametrize('first', ['mmdet.models', 's2d_plugins.registry'])
def test_mmdet_models_import_whatever_comes_first(first):
    run('''
import site, sys
site.addsitedir(sys.argv[1])
import importlib
importlib.import_module(sys.argv[2])
import mmcv.ops, mmdet.models, s2d_plugins.registry
from mmcv.ops.multi_scale_deform_attn import IS_CUDA_AVAILABLE
assert not IS_CUDA_AVAILABLE
from s2d_plugins.compat import has_compiled_ops
assert not has_compiled_ops()
from mmengine.config.utils import MODULE2PACKAGE
assert MODULE2PACKAGE['s2d_plugins'] == 's2d_plugins'
assert [finder for finder in sys.meta_path if 's2d_startup' in str(finder)] == [
    sys.modules['s2d_startup'].MmcvOpsFinder]
''', STARTUP, first)


def test_a_real_extension_wins(tmp_path):
    (tmp_path / '_ext.py').write_text('')
    run('''
import site, sys
site.addsitedir(sys.argv[1])
import mmcv
mmcv.__path__.append(sys.argv[2])  # a compiled extension on disk
import mmcv._ext
assert mmcv._ext.__file__.startswith(sys.argv[2])
assert not [name for name in sys.modules if name.startswith('s2d_plugins')]
''', STARTUP, tmp_path)


def test_a_broken_extension_is_not_covered_up(tmp_path):
    (tmp_path / '_ext.py').write_text('raise ImportError("undefined symbol: _ZN2at")')
    run('''
import site, sys
site.addsitedir(sys.argv[1])
import mmcv
mmcv.__path__.append(sys.argv[2])
try:
    import mmcv._ext
except ImportError as error:
    assert 'undefined symbol' in str(error)
else:
    raise AssertionError('it was imported')
''', STARTUP, tmp_path)


def test_start_imports_nothing_and_adds_its_finders_once():
    run('''
import os, site, sys
before, finders = set(sys.modules), list(sys.meta_path)
site.addsitedir(sys.argv[1])
site.addsitedir(sys.argv[1])
assert set(sys.modules) - before == {'s2d_startup'}, set(sys.modules) - before
module = sys.modules['s2d_startup']
assert sys.meta_path == [module.ConfigNameFinder, *finders, module.MmcvOpsFinder]
''', STARTUP, flags=['-S'])


def test_start_can_be_switched_off():
    run('''
import site, sys
finders = list(sys.meta_path)
site.addsitedir(sys.argv[1])
assert sys.meta_path == finders and 's2d_startup' in sys.modules
''', STARTUP, flags=['-S'], env={'S2D_STARTUP': '0'})


def test_without_the_package_nothing_is_found():
    run('''
import site, sys
site.addsitedir(sys.argv[1])
sys.modules['s2d_plugins'] = None  # an editable install whose folder is gone
from s2d_startup import MmcvOpsFinder
assert MmcvOpsFinder.find_spec('mmcv._ext') is None
''', STARTUP)


@pytest.mark.skipif(
    not any(file.name == 's2d_startup.pth' for file in metadata.files('s2d-plugins') or ()),
    reason='the package is not installed, or not by this setup.py')
def test_this_environment_is_as_pip_leaves_it():
    run('import mmdet.models, sys; assert "s2d_startup" in sys.modules')


@pytest.fixture
def folder(tmp_path):
    """A video of three frames, its labels, and the shipped config made small."""
    mask = np.zeros((48, 64), bool)
    mask[10:30, 10:40] = True
    names = [f'video/{index}.jpg' for index in range(3)]
    (tmp_path / 'video').mkdir()
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.uint8(mask[..., None] * 200).repeat(3, axis=2))
    (tmp_path / 'labels.json').write_text(json.dumps(make_labels(
        [make_video(1, 'video', (48, 64), names)],
        [make_annotation(1, 1, [encode_mask(mask)] * 3)])))
    (tmp_path / 'config.py').write_text(CONFIG)
    return tmp_path


@pytest.mark.parametrize('tools', [ROOT / 'tools', MMDET_TOOLS], ids=['ours', 'mmdet'])
def test_config_of_mmdets_scope_with_our_parts(folder, tools):
    commands = [[str(tools / 'train.py'), 'config.py', '--work-dir', 'run'],
                [str(tools / 'test.py'), 'config.py', 'run/iter_1.pth', '--work-dir', 'tested']]
    run(RUN_TOOLS, STARTUP, json.dumps(commands), cwd=folder,
        env={'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD': '1'})  # upstream mmengine with torch >= 2.6
    metrics = json.loads(next((folder / 'tested').glob('*/*.json')).read_text())
    assert 'vis/AP' in metrics
