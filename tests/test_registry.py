"""Names are found across scopes, in fresh interpreters in which nothing has been imported."""

import subprocess
import sys

import pytest

from s2d_plugins import registry


def run(code: str) -> None:
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 0, result.stderr


def test_our_names_from_any_scope():
    run('''
from mmengine.registry import (DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS,
                               init_default_scope)
parts = ((MODELS, 'SparseToDenseHead'), (TRANSFORMS, 'LoadKeymasks'), (HOOKS, 'MotionPriorHook'),
         (DATASETS, 'KeymaskDataset'), (METRICS, 'ClassAgnosticVISMetric'))
for registry, name in parts:  # no default scope: mmengine's own
    assert registry.get('s2d_plugins.' + name).__name__ == name, name
init_default_scope('mmdet')
loss = MODELS.build(dict(type='s2d_plugins.WeightedDiceLoss'))
assert type(loss).__module__ == 's2d_plugins.models.weighted_dice_loss'
for registry, name in parts:
    with registry.switch_scope_and_registry(None) as mmdets:
        assert mmdets.scope == 'mmdet'
        assert mmdets.get('s2d_plugins.' + name).__name__ == name, name
''')


def test_mmdet_and_mmengine_names_from_our_scope():
    run('''
from mmengine.registry import (DATA_SAMPLERS, DATASETS, HOOKS, LOOPS, METRICS, MODELS,
                               OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS, PARAM_SCHEDULERS,
                               TASK_UTILS, TRANSFORMS, VISBACKENDS, VISUALIZERS,
                               init_default_scope)
init_default_scope('s2d_plugins')
model = MODELS.build(dict(type='ResNet', depth=18))
assert type(model).__module__ == 'mmdet.models.backbones.resnet'
for registry, name in (
        (MODELS, 'TemporalDropLoss'), (MODELS, 'mmdet.ResNet'), (TASK_UTILS, 'HungarianAssigner'),
        (DATASETS, 'YouTubeVISDataset'), (TRANSFORMS, 'PackTrackInputs'),
        (DATA_SAMPLERS, 'TrackImgSampler'), (HOOKS, 'MeanTeacherHook'), (HOOKS, 'CheckpointHook'),
        (METRICS, 'YouTubeVISMetric'), (VISUALIZERS, 'TrackLocalVisualizer'),
        (VISBACKENDS, 'LocalVisBackend'), (OPTIMIZERS, 'AdamW'), (LOOPS, 'IterBasedTrainLoop'),
        (PARAM_SCHEDULERS, 'MultiStepLR'),
        (OPTIM_WRAPPER_CONSTRUCTORS, 'DefaultOptimWrapperConstructor')):
    with registry.switch_scope_and_registry(None) as ours:  # what build() looks in
        found = ours.get(name)
        assert ours.scope == 's2d_plugins' and found.__name__ == name.split('.')[-1], name
''')


@pytest.mark.parametrize(('name', 'known'), [
    ('MASK_PROPOSERS', 'PrecomputedProposals'), ('MOTION_PRIORS', 'OpenCVFlowPrior')])
def test_our_own_kinds(name, known):
    kind = getattr(registry, name)
    assert kind.scope == 's2d_plugins'
    assert kind.get(known).__name__ == known
    with pytest.raises(KeyError, match='NoSuchPart is not in the'):
        kind.build(dict(type='NoSuchPart'))


@pytest.mark.parametrize('name', ['MODELS', 'TRANSFORMS', 'DATASETS', 'HOOKS', 'METRICS',
                                  'VISUALIZERS', 'TASK_UTILS'])
def test_public_kinds_are_children_of_mmdets(name):
    kind = getattr(registry, name)
    assert kind.scope == 's2d_plugins' and kind.parent.scope == 'mmdet'
    assert kind.parent.parent.scope == 'mmengine'
