"""Every config of every stage: it builds, and it is what its name and the paper say."""

import pytest
from config_files import BACKBONES, CONFIGS, Name, changed_keys, list_configs, read_config
from mmengine.config import Config

from s2d_plugins.registry import DATASETS, HOOKS, METRICS, TRANSFORMS

ALL = list_configs()
ON_ONE_GPU = [name for name in ALL if name.on_one_gpu]

#: Rate, clips (images) a step, steps and steps at which the rate falls.
SCHEDULES = dict(
    image=(2e-5, 16, 160000, [80000]),
    sparse_to_dense=(1e-6, 4, 32000, [20200]),
    final=(1e-6, 4, 32000, [20200]),
    videocutler=(2e-5, 16, 80000, [79999]))
#: Weights of mask, dice and class loss, and points, per stage.
LOSSES = dict(
    image=(5.0, 5.0, 2.0, 12544),
    sparse_to_dense=(5.0, 5.0, 0.0, 160000),
    final=(5.0, 5.0, 0.0, 160000),
    videocutler=(5.0, 5.0, 2.0, 12544))
#: How the frames of a clip are chosen, per stage.
CLIPS = dict(
    sparse_to_dense=dict(num_frames=3, frame_range=20, choice='windows', strides=(1,)),
    final=dict(num_frames=3, frame_range=20, choice='windows', strides=(1,)),
    videocutler=dict(num_frames=3, frame_range=20, choice='any', strides=(1,)))
#: The augmentation of a clip in order: settings, and whether they are drawn once for its frames.
AUGMENTATION = dict(
    RandomCrop=(dict(crop_size=(600, 720), crop_type='absolute_range',
                     allow_negative_crop=True), False),
    RandomChoiceResize=(dict(scales=[(1333, 360), (1333, 480)]), True),
    KeymaskResize=(dict(keep_ratio=True, backend='pillow', interpolation='bilinear'), True),
    RandomFlip=(dict(prob=0.5, direction='horizontal'), True),
    ClipColorJitter=(dict(brightness=0.1, contrast=0.1, prob=1.0, pivot='mean'), False),
    ClipRotate=(dict(max_angle=15.0, prob=1.0, centre_range=(0.4, 0.6), fill=0), False))
#: Resizing for inference.
TEST_SIZE = dict(scale=(1333, 360), keep_ratio=True, backend='pillow', interpolation='bilinear')
#: The image model's: large-scale jittering.
IMAGE_AUGMENTATION = dict(
    RandomFlip=dict(prob=0.5, direction='horizontal'),
    RandomResize=dict(scale=(1024, 1024), ratio_range=(0.1, 2.0),
                      resize_cfg=dict(type='KeymaskResize', keep_ratio=True, backend='pillow')),
    RandomCrop=dict(crop_size=(1024, 1024), crop_type='absolute', allow_negative_crop=True,
                    recompute_bbox=True))
#: VideoCutLER: share of clips that get objects pasted, and the size of these relative to the clip.
COPY_PASTE = dict(prob=1.0, scale_range=(0.8, 1.0))
#: Stages that train a student and its teacher.
DISTILLED = ('sparse_to_dense', 'final')
DATA_ROOTS = {
    None: None,
    'imagenet': 'data/imagenet/',
    'youtubevis2021': 'data/youtube_vis_2021/',
}
#: What may differ between a config and its form for one GPU of 24 GB.
ACCUMULATION = {'accumulative_counts', 'with_cp', 'max_iters', 'val_interval', 'end', 'milestones',
                'interval', 'base_batch_size'}


def single_sets(dataset: dict) -> list[dict]:
    """Unwrap a mixture and copy-paste."""
    if 'datasets' in dataset:
        return [part for inner in dataset['datasets'] for part in single_sets(inner)]
    return single_sets(dataset['dataset']) if 'dataset' in dataset else [dataset]


def test_there_is_one_for_what_people_run():
    """Own data with every backbone; with R50 YouTube-VIS 2021 and the zero-shot mixture too."""
    found = {(name.stage, name.backbone, name.dataset, name.on_one_gpu) for name in ALL}
    expected = {('videocutler', 'r50', None, False), ('videocutler', 'r50', None, True),
                ('videocutler', 'r50', 'youtubevis2021', False)}
    for one_gpu in (False, True):
        expected |= {(stage, backbone, None, one_gpu) for stage in ('image', *DISTILLED)
                     for backbone in BACKBONES}
        expected |= {(stage, 'r50', dataset, one_gpu) for stage in DISTILLED
                     for dataset in ('youtubevis2021', 'mixture')}
        expected.add(('image', 'r50', 'imagenet', one_gpu))
    assert found == expected and len(found) == len(ALL)


@pytest.mark.parametrize('name', ALL, ids=str)
def test_config(name: Name):
    config = read_config(str(name))
    check_schedule(name, config)
    check_model(name, config.model)
    check_data(name, config)
    for hook in (*config.default_hooks.values(), *config.get('custom_hooks', [])):
        HOOKS.build(hook)


def check_schedule(name: Name, config: Config) -> None:
    rate, batch, steps, milestones = SCHEDULES[name.stage]
    wrapper = config.optim_wrapper
    assert (wrapper.optimizer.type, wrapper.optimizer.lr, wrapper.optimizer.weight_decay) == (
        'AdamW', rate, 0.05)
    assert wrapper.type == 'AmpOptimWrapper'
    assert wrapper.clip_grad.max_norm == 0.01
    if name.stage in DISTILLED:  # the authors' multiplier for the backbone never applies
        assert {key.lr_mult for key in wrapper.paramwise_cfg.custom_keys.values()} == {1.0}
    else:
        assert wrapper.paramwise_cfg.custom_keys.backbone.lr_mult == 0.1
    assert wrapper.get('accumulative_counts', 1) == name.accum
    assert (wrapper.get('constructor') == 'StudentOptimWrapperConstructor') == (
        name.stage in DISTILLED)

    assert config.train_dataloader.batch_size == name.batch
    assert name.gpus * name.batch * name.accum == batch
    assert config.auto_scale_lr == dict(enable=False, base_batch_size=name.gpus * name.batch)

    # MMEngine counts iterations, of which a step takes `accum`
    assert name.steps * 1000 == steps
    assert config.train_cfg.max_iters == steps * name.accum
    assert config.train_cfg.val_interval > config.train_cfg.max_iters
    [scheduler] = config.param_scheduler
    assert (scheduler.type, scheduler.by_epoch, scheduler.gamma) == ('MultiStepLR', False, 0.1)
    assert (scheduler.begin, scheduler.end) == (0, steps * name.accum)
    assert scheduler.milestones == [step * name.accum for step in milestones]
    assert config.default_hooks.checkpoint.interval == 2000 * name.accum
    teachers = [hook for hook in config.get('custom_hooks', [])
                if 'MeanTeacherHook' in hook.type]
    assert len(teachers) == (name.stage in DISTILLED)
    for hook in teachers:
        assert hook.momentum == pytest.approx(1 - 0.999)
        assert hook.interval == name.accum


def check_model(name: Name, model: dict) -> None:
    if name.stage in DISTILLED:
        assert model.type == 'SparseToDenseDistiller'
        assert (model.teacher_score_thr, model.teacher_max_instances) == (0.75, 100)
        model = model.detector
    head = model.get('track_head') or model.panoptic_head
    settings = head.get('train_cfg') or model.train_cfg
    dropping = name.stage in DISTILLED
    mask, dice = (loss.loss if dropping else loss for loss in (head.loss_mask, head.loss_dice))
    assert (mask.loss_weight, dice.loss_weight, head.loss_cls.loss_weight,
            settings.num_points) == LOSSES[name.stage]
    assert ('TemporalDropLoss' in (head.loss_mask.type, head.loss_dice.type)) == dropping
    assert head.loss_cls.class_weight == [1.0, 0.1]
    assert (settings.oversample_ratio, settings.importance_sample_ratio) == (3.0, 0.75)
    assert head.num_queries == 100
    assert head.pixel_decoder.encoder.num_layers == 6
    assert head.transformer_decoder.num_layers == 9
    assert head.get('num_frames', 3) == 3
    assert not head.get('match_known_frames_only', False)
    assert model.backbone.get('with_cp', False) == name.on_one_gpu


def check_data(name: Name, config: Config) -> None:
    train = config.train_dataloader.dataset
    for dataset in (*single_sets(train), single_sets(config.val_dataloader.dataset)[0]):
        built = DATASETS.build(dict(dataset, lazy_init=True))
        assert built.metainfo['classes'] == (('fg',) if dataset.data_root == 'data/imagenet/'
                                             else ('object',))
        if name.dataset == 'mixture' or dataset.get('test_mode'):
            continue
        assert DATA_ROOTS[name.dataset] in (None, dataset.data_root)
        if name.stage != 'image':
            labels = 'keymasks' if name.stage == 'sparse_to_dense' else 'dense'
            assert dataset.ann_file == f'annotations/{labels}.json'
    if 'datasets' in train.get('dataset', train):
        assert name.dataset == 'mixture' and len(single_sets(train)) == 3
    for dataset in single_sets(train):
        check_augmentation(name, dataset.pipeline)
    if name.stage == 'videocutler':
        assert settings_of(TRANSFORMS.build(train.pipeline[0]), COPY_PASTE) == COPY_PASTE
    if name.stage != 'image':
        [resize] = [step for outer in config.test_dataloader.dataset.pipeline
                    for step in outer.get('transforms', []) if step.type == 'Resize']
        assert settings_of(TRANSFORMS.build(resize), TEST_SIZE) == TEST_SIZE
    assert config.test_evaluator.type in METRICS


def settings_of(transform, wanted: dict) -> dict:
    """Return those attributes of a built transform, defaults included, that a table names."""
    return {key: getattr(transform, key) for key in wanted}


def check_augmentation(name: Name, pipeline: list[dict]) -> None:
    if name.stage == 'image':
        found = {step.type: TRANSFORMS.build(step) for step in pipeline}
        for kind, wanted in IMAGE_AUGMENTATION.items():
            assert settings_of(found[kind], wanted) == wanted
        return
    sample, *steps = pipeline
    assert settings_of(TRANSFORMS.build(sample), CLIPS[name.stage]) == CLIPS[name.stage]
    found = {}
    for outer in steps:
        for step in outer.get('transforms', []):
            built = TRANSFORMS.build(step)
            found[step.type] = built, outer.share_random_params
            if step.type == 'RandomChoiceResize':
                found[type(built.resize).__name__] = built.resize, outer.share_random_params
    assert [kind for kind in found if kind in AUGMENTATION] == list(AUGMENTATION)
    for kind, (wanted, shared) in AUGMENTATION.items():
        assert settings_of(found[kind][0], wanted) == wanted and found[kind][1] == shared, kind
    assert list(found)[-1] == 'DropEmptyKeymasks'
    assert [step.type for step in steps if 'transforms' not in step] == (
        ['PadClip'] if name.stage == 'videocutler' else ['PadClip', 'PackTrackInputs'])
    # what PadClip pads with, the model's mean, becomes about 0
    detector = read_config('sparse_to_dense/s2d_mask2former_r50_4xb1-32k.py').model.detector
    assert TRANSFORMS.build(dict(type='PadClip')).color == tuple(
        round(value) for value in detector.data_preprocessor.mean[::-1])


@pytest.mark.parametrize('name', ON_ONE_GPU, ids=str)
def test_one_gpu_trains_as_many_do(name: Name):
    [parent] = [other for other in ALL if not other.on_one_gpu and (
        other.stage, other.backbone, other.dataset) == (name.stage, name.backbone, name.dataset)]
    assert parent.gpus * parent.batch == name.accum * name.batch * name.gpus
    assert name.gpus == 1
    changed = changed_keys(read_config(str(name)).to_dict(), read_config(str(parent)).to_dict())
    assert {'accumulative_counts', 'with_cp', 'max_iters'} <= changed <= ACCUMULATION


@pytest.mark.parametrize('stage', ['image', 'sparse_to_dense'])
def test_leaves_only_name_their_bases(stage):
    """No settings hide in one of the many files, and none names a machine's path."""
    for path in (CONFIGS / str(name) for name in ALL if name.stage == stage):
        assert path.read_text().startswith("_base_ = [\n    '../_base_/recipes/")
        assert len(path.read_text().splitlines()) == 4


def kept_checkpoints(content) -> list[int]:
    """Collect every max_keep_ckpts of a config."""
    if isinstance(content, dict):
        return [value for key, value in content.items() if key == 'max_keep_ckpts'] + [
            number for value in content.values() for number in kept_checkpoints(value)]
    if isinstance(content, list | tuple):
        return [number for value in content for number in kept_checkpoints(value)]
    return []


def test_no_training_keeps_a_single_checkpoint():
    """mmengine removes the old before it writes the new: a kill between would take all."""
    root = CONFIGS.parent
    seen = 0
    for folder in (CONFIGS, root / 'projects'):
        for path in sorted(folder.rglob('*.py')):
            if '_base_' in path.parts or 'configs' not in path.parts:
                continue
            kept = kept_checkpoints(Config.fromfile(path).to_dict())
            assert all(number == -1 or number >= 2 for number in kept), path
            seen += bool(kept)
    assert seen > 30
