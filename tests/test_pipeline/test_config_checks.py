import os
import random
import sys
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from s2d_plugins.errors import S2DInputError
from s2d_plugins.fileio.configs import load_config
from s2d_plugins.pipeline.config_checks import check_parts, check_pipeline_config
from s2d_plugins.pipeline.config_kinds import CLOSED, PipelineConfig
from s2d_plugins.pipeline.stage_names import STAGES
from s2d_plugins.video import find_shots

CONFIGS = Path(__file__).parents[2] / 'projects' / 's2d' / 'configs'


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.py')), ids=lambda path: path.name)
def test_shipped_configs_are_right_from_any_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_pipeline_config(load_config(path))


@pytest.mark.parametrize(('options', 'expected'), [
    ({'proposer': None}, 'is not a pipeline config: it has no dict proposer'),
    ({'final.config': 'none.py'}, 'demo.py names none.py'),
    ({'final.init_from': 'x'}, "one of teacher, student or None, found 'x'"),
    ({'dense.thr': 1}, 'dense.thr is not a setting'),
    ({'inference.thr': 1}, 'inference.thr is not a setting'),
    ({'dense.window': 4, 'dense.overlap': 4}, 'below the window of 4 frames, found 4'),
    ({'dense.score_thr': 1.5}, 'dense.score_thr: expected a number from 0 to 1, found 1.5'),
    ({'inference.top_k': 0}, 'inference.top_k: expected a whole number, at least 1, found 0'),
    ({'distill.options': {'train_pipeline.99.x': 1}}, '--cfg-options do not fit'),
])
def test_mistakes_are_found_before_any_work(options, expected):
    with pytest.raises(S2DInputError, match=expected):
        check_pipeline_config(load_config(CONFIGS / 'demo.py', options))


@pytest.mark.parametrize(('options', 'expected'), [
    ({'frames.min_frames': 'three'}, "frames.min_frames: expected int, found 'three'"),
    ({'frames.min_frames': 0}, 'frames.min_frames: expected int >= 1, found 0'),
    ({'frames.min_frames': True}, 'frames.min_frames: expected int, found True'),
    ({'frames.max_short_side': -480}, 'frames.max_short_side: expected int >= 8, found -480'),
    ({'frames.shots': {'threshold': 0}}, 'frames.shots.threshold: expected float > 0.0, found 0'),
    ({'frames.shots': {'threshold': float('nan')}},
     'frames.shots.threshold: expected float > 0.0, found nan'),
    ({'frames.shots': {'threshold': float('inf')}},
     'frames.shots.threshold: expected a finite number, found inf'),
    ({'overlay': {'encoder': 'mpeg4'}}, 'overlay: .*expected encoder to be one of libx264'),
    ({'overlay': {'encoder': 3}}, 'overlay.encoder: expected str, found 3'),
    ({'overlay': {'speed': 3}}, "overlay has no setting 'speed'; expected encoder"),
    ({'frames.shots': {'speed': 1}}, "frames.shots has no setting 'speed'; expected threshold"),
    ({'frames': 3}, 'frames: expected object, found 3'),
    ({'max_one2x': 1.5}, 'max_one2x: expected float <= 1.0, found 1.5'),
    ({'max_one2x': 'all'}, "max_one2x: expected float, found 'all'"),
    ({'selection.min_score': 'high'}, 'selection: .*min_score'),
    ({'selection.min_scores': 0.2}, "selection: .*unexpected keyword argument 'min_scores'"),
    ({'inference': []}, r'inference: expected object, found \[\]'),
    ({'inference.scale': 'large'}, 'inference.scale: expected .long side, short side.'),
    ({'distill.options': 3}, r'distill.options: expected object . null, found 3'),
    ({'distill.steps': 3}, "distill has no setting 'steps'; expected config, options"),
    ({'distill.config': 3}, 'distill.config: expected str, found 3'),
    ({'final.init_from': 3}, 'final.init_from: expected one of teacher, student or None, found 3'),
    ({'final.config': 'projects/s2d/configs/demo.py'}, 'final: .* is not the config of a training'),
])
def test_wrong_values_are_named_in_full(options, expected):
    cfg = load_config(CONFIGS / 'demo.py')
    cfg.merge_from_dict(options)
    with pytest.raises(S2DInputError, match=f'demo.py: {expected}') as info:
        check_pipeline_config(cfg)
    assert '\n' not in str(info.value)


def test_descriptions_agree_with_what_they_describe():
    names = find_shots.__code__.co_varnames[1:find_shots.__code__.co_argcount]
    assert set(CLOSED['frames.shots'].__annotations__) == set(names) - {'progress'}
    assert set(STAGES) & set(PipelineConfig.__annotations__) == {'frames', 'distill', 'dense',
                                                                'final'}


PARTS = [
    ({'proposer.type': 'Nobody'}, 'proposer: .*Nobody is not in the'),
    ({'proposer.seed': 'x'}, 'proposer: .*'),
    ({'discovery.grid_size': 1}, 'discovery: .*grid_size'),
    ({'discovery.grid': 50}, "discovery: .*unexpected keyword argument 'grid'"),
    ({'discovery.motion_prior.type': 'Nobody'}, 'discovery: .*Nobody is not in the'),
]


@pytest.mark.parametrize(('options', 'expected'), PARTS)
def test_parts_are_built_before_any_work(options, expected):
    cfg = load_config(CONFIGS / 'demo.py')
    cfg.merge_from_dict(options)
    with pytest.raises(S2DInputError, match=f'demo.py: {expected}') as info:
        check_parts(cfg, ['proposals', 'keymasks'], 'cpu')
    assert '\n' not in str(info.value)
    check_parts(cfg, ['frames', 'infer'], 'cpu')


def test_packages_that_are_missing_are_told_before_any_work(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    cfg = load_config(CONFIGS / 'demo.py')
    cfg.proposer = dict(type='MaskCutProposer', extractor=dict(type='TimmFeatures'))
    with pytest.raises(S2DInputError, match='demo.py: proposer: TimmFeatures needs timm'):
        check_parts(cfg, ['proposals'], 'cpu')
    check_parts(cfg, ['keymasks'], 'cpu')


@pytest.mark.parametrize('options', [
    {'model.backbone.dept': 3},
    {'optim_wrapper.optimizer.type': 'Nobody'},
    {'optim_wrapper.optimizer.lr': 'fast'},
    {'param_scheduler.1.type': 'Nobody'},
    {'custom_hooks': [{'type': 'Nobody'}]},
    {'default_hooks.logger.intervall': 3},
    {'train_dataloader.batch_size': 'two'},
    {'train_dataloader.num_workers': -1},
    {'train_dataloader.sampler.type': 'Nobody'},
    {'train_dataloader.dataset.min_framse': 3},
    {'train_dataloader.dataset.pipeline': [{'type': 'Nobody'}]},
    {'train_cfg.max_iters': 0},
    {'train_cfg.max_iters': 'many'},
    {'load_from': 'no.pth'},
    {'load_from': 's2d://nothing'},
], ids=lambda options: next(iter(options)))
def test_a_typo_in_the_last_training_is_told_first(options):
    cfg = load_config(CONFIGS / 'demo.py')
    cfg.final.options = options
    with pytest.raises(S2DInputError, match='demo.py: final: |does not fit|do not fit') as info:
        check_parts(cfg, STAGES, 'cpu')
    assert '\n' not in str(info.value)


def test_trying_a_training_leaves_the_process_as_it_was():
    cfg = load_config(CONFIGS / 'demo.py')
    managers = (MMLogger, MessageHub, Visualizer, DefaultScope)

    def look():
        return (dict(os.environ), cv2.getNumThreads(), torch.get_rng_state().tolist(),
                random.getstate(), [list(manager._instance_dict) for manager in managers])
    MMLogger.get_current_instance(), MessageHub.get_current_instance()
    before = look()
    check_parts(cfg, ['distill', 'final'], 'cpu')
    assert look() == before
