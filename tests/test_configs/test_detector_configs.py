"""The configs of CutLER's and CutS3D's detector: what was published, and what may differ."""

import pytest
from config_files import CONFIGS, changed_keys, read_config

from s2d_plugins.registry import DATASETS, HOOKS, TRANSFORMS

NAMES = sorted(path.name for path in (CONFIGS / 'image').glob('*_cascade-*.py'))
CUTLER = 'cutler_cascade-mask-rcnn_r50_fpn_8xb2-160k.py'
ACCUMULATED = CUTLER.replace('8xb2', '1xb2-accum8')
SELF_TRAINING = CUTLER.replace('160k', '80k_self-training')


def test_there_is_one_for_each():
    assert set(NAMES) == {CUTLER, ACCUMULATED, SELF_TRAINING, CUTLER[:-3] + '_imagenet.py',
                          CUTLER.replace('cutler', 'cuts3d'),
                          ACCUMULATED.replace('cutler', 'cuts3d')}


@pytest.mark.parametrize('name', NAMES)
def test_training(name):
    config = read_config(f'image/{name}')
    accum, again = (8 if 'accum' in name else 1), 'self-training' in name
    wrapper = config.optim_wrapper
    assert (wrapper.type, wrapper.optimizer.type, wrapper.optimizer.momentum) == (
        'AmpOptimWrapper', 'SGD', 0.9)
    assert (wrapper.optimizer.lr, wrapper.optimizer.weight_decay) == (
        (0.005, 1e-4) if again else (0.01, 5e-5))
    assert (wrapper.clip_grad.max_norm, wrapper.paramwise_cfg.norm_decay_mult) == (1.0, 0.0)
    assert wrapper.get('accumulative_counts', 1) == accum
    assert config.train_dataloader.batch_size == 2
    assert config.auto_scale_lr.base_batch_size == 16 // accum
    steps = 80000 if again else 160000
    assert config.train_cfg.max_iters == steps * accum < config.train_cfg.val_interval
    warm_up, *fall = config.param_scheduler
    assert (warm_up.type, warm_up.start_factor, warm_up.end) == ('LinearLR', 0.001, 1000 * accum)
    assert [(step.milestones, step.gamma) for step in fall] == (
        [] if again else [([80000 * accum], 0.02)])
    drops = name.startswith('cutler') and not again
    assert config.model.roi_head.drop_iou == (0.01 if drops else None)
    proposals = config.model.train_cfg.rpn_proposal
    assert (proposals.nms_pre, proposals.max_per_img, proposals.nms.iou_threshold) == (
        (2000, 1000, 0.7) if again else (2000, 4000, 0.65))
    for hook in config.default_hooks.values():
        HOOKS.build(hook)


@pytest.mark.parametrize('name', NAMES)
def test_data(name):
    config = read_config(f'image/{name}')
    dataset = config.train_dataloader.dataset
    built = DATASETS.build(dict(dataset, lazy_init=True))
    assert built.metainfo['classes'] == (('fg',) if 'imagenet' in name else ('object',))
    found = {step.type: TRANSFORMS.build(step) for step in dataset.pipeline}
    sides = found['RandomChoiceResize'].scales
    assert {longest for longest, _ in sides} == {1333} and [side for _, side in sides] == [
        240, 320, 480, 640, 672, 704, 736, 768, 800, 1024]
    assert type(found['RandomChoiceResize'].resize).__name__ == 'KeymaskResize'
    assert found['RandomFlip'].prob == 0.5


def test_one_gpu_trains_as_many_do():
    changed = changed_keys(read_config(f'image/{ACCUMULATED}').to_dict(),
                           read_config(f'image/{CUTLER}').to_dict())
    assert changed == {'accumulative_counts', 'with_cp', 'max_iters', 'val_interval', 'end',
                       'milestones', 'interval', 'base_batch_size'}


@pytest.mark.parametrize(('name', 'side', 'masks'), [('cutler', 800, 100), ('cuts3d', 360, 10)])
def test_proposers(name, side, masks):
    config = read_config(f'proposals/{name}_cascade-mask-rcnn_r50_fpn.py')
    inner = config.proposer.config
    assert inner.model == config.model and inner.test_pipeline == config.test_pipeline
    assert config.model.backbone.init_cfg is None  # weights come from the checkpoint
    resize = config.test_pipeline[1]
    assert (resize.scale, resize.backend, resize.keep_ratio) == ((1333, side), 'pillow', True)
    rcnn, rpn = config.model.test_cfg.rcnn, config.model.test_cfg.rpn
    assert (rcnn.max_per_img, config.proposer.max_masks) == (masks, masks)
    assert (rcnn.score_thr, rcnn.nms.iou_threshold, rcnn.mask_thr_binary) == (0, 0.5, 0.5)
    assert (rpn.nms_pre, rpn.max_per_img, rpn.nms.iou_threshold) == (1000, 1000, 0.65)
    assert config.proposer.score_thr == 0.35
    assert config.model.data_preprocessor.pad_size_divisor == 32
