"""Registries of scope ``s2d_plugins``: children of mmdet's, plus three of our own.

mmengine imports this module by itself when it meets the scope ``s2d_plugins``, so
``type='s2d_plugins.TemporalDropLoss'`` works in any OpenMMLab config. With
``default_scope = 's2d_plugins'`` a name is looked up here first, then in mmdet and mmengine;
mmdet's modules are loaded with ours because mmengine imports the locations of one scope only.
"""

from mmdet import registry as mmdet_registry
from mmengine.registry import Registry

from .compat import ensure_config_name, ensure_mmcv_ops

ensure_mmcv_ops()
ensure_config_name()

MODELS = Registry('model', parent=mmdet_registry.MODELS,
                  locations=['s2d_plugins.models', 'mmdet.models'])
TASK_UTILS = Registry('task util', parent=mmdet_registry.TASK_UTILS,
                      locations=['s2d_plugins.models', 's2d_plugins.keymasks',
                                 's2d_plugins.proposals', 'mmdet.models'])
DATASETS = Registry('dataset', parent=mmdet_registry.DATASETS,
                    locations=['s2d_plugins.datasets', 'mmdet.datasets'])
TRANSFORMS = Registry('transform', parent=mmdet_registry.TRANSFORMS,
                      locations=['s2d_plugins.datasets', 'mmdet.datasets.transforms'])
DATA_SAMPLERS = Registry('data sampler', parent=mmdet_registry.DATA_SAMPLERS,
                         locations=['s2d_plugins.datasets', 'mmdet.datasets.samplers'])
HOOKS = Registry('hook', parent=mmdet_registry.HOOKS,
                 locations=['s2d_plugins.hooks', 'mmdet.engine.hooks'])
METRICS = Registry('metric', parent=mmdet_registry.METRICS,
                   locations=['s2d_plugins.evaluation.class_agnostic_vis_metric',
                              's2d_plugins.evaluation.davis_metric', 'mmdet.evaluation'])
VISUALIZERS = Registry('visualizer', parent=mmdet_registry.VISUALIZERS,
                       locations=['s2d_plugins.visualization', 'mmdet.visualization'])
VISBACKENDS = Registry('vis_backend', parent=mmdet_registry.VISBACKENDS,
                       locations=['mmdet.visualization'])

# kinds to which nothing is added: they exist so that a lookup from this scope finds mmdet's parts
(RUNNERS, RUNNER_CONSTRUCTORS, LOOPS, MODEL_WRAPPERS, WEIGHT_INITIALIZERS, OPTIMIZERS,
 PARAM_SCHEDULERS, EVALUATOR, LOG_PROCESSORS) = (
    Registry(parent.name, parent=parent, locations=parent._locations)
    for parent in (
        mmdet_registry.RUNNERS, mmdet_registry.RUNNER_CONSTRUCTORS, mmdet_registry.LOOPS,
        mmdet_registry.MODEL_WRAPPERS, mmdet_registry.WEIGHT_INITIALIZERS,
        mmdet_registry.OPTIMIZERS, mmdet_registry.PARAM_SCHEDULERS,
        mmdet_registry.EVALUATOR, mmdet_registry.LOG_PROCESSORS))
OPTIM_WRAPPERS = Registry(
    'optim_wrapper', parent=mmdet_registry.OPTIM_WRAPPERS,
    locations=['s2d_plugins.models', *mmdet_registry.OPTIM_WRAPPERS._locations])
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer constructor', parent=mmdet_registry.OPTIM_WRAPPER_CONSTRUCTORS,
    locations=['s2d_plugins.models', 'mmdet.engine.optimizers'])

#: Proposals: frames of a video in, scored masks per frame out.
MASK_PROPOSERS = Registry('mask proposer', locations=['s2d_plugins.proposals'])
#: Proposals: frames in, features of a grid of patches out, for MaskCut.
FEATURE_EXTRACTORS = Registry('feature extractor',
                              locations=['s2d_plugins.proposals.features'])
#: Keymasks: frames and query points in, :class:`PointTracks` out.
MOTION_PRIORS = Registry('motion prior', locations=['s2d_plugins.motion'])

# mmengine looks for a scope among a registry's children and its root's, not further down: listed
# at the root, our names are found from every scope (mmseg, mmpretrain, none), not only mmdet's
for _kind in (MODELS, TASK_UTILS, DATASETS, TRANSFORMS, DATA_SAMPLERS, HOOKS, METRICS, VISUALIZERS,
              VISBACKENDS, RUNNERS, RUNNER_CONSTRUCTORS, LOOPS, MODEL_WRAPPERS,
              WEIGHT_INITIALIZERS, OPTIMIZERS, OPTIM_WRAPPERS, PARAM_SCHEDULERS, EVALUATOR,
              LOG_PROCESSORS, OPTIM_WRAPPER_CONSTRUCTORS):
    _kind.root._add_child(_kind)
