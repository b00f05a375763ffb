# Whole things in generated pictures, see README.md. One frame a clip; the parameters are those of
# the small video models.
_base_ = [
    '../../../configs/_base_/models/segmenter_r50.py',
    '../../../configs/_base_/models/small_segmenter.py',
    '../../../configs/_base_/schedules/small.py',
    '../../../configs/_base_/datasets/small_clips.py',
    '../../../configs/_base_/default_runtime.py',
]

model = _base_.small_segmenter
model['track_head'].update(num_frames=1)

train_pipeline = [
    dict(type='KeymaskClipSample', num_frames=1, frame_range=20),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile', backend_args=_base_.backend_args),
            dict(type='RandomResize', scale=(344, 192), ratio_range=(0.7, 1.2), keep_ratio=True),
            dict(type='LoadKeymasks'),
            dict(type='RandomCrop', crop_size=(160, 288), allow_negative_crop=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='ClipColorJitter', brightness=0.2, contrast=0.2, pivot='grey'),
            dict(type='DropEmptyKeymasks'),
        ]),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]
train_dataloader = dict(
    batch_size=6,
    num_workers=1,
    dataset=dict(
        data_root='data/pictures/',
        ann_file='labels.json',
        data_prefix=dict(img_path='frames/'),
        min_frames=1,
        pipeline=train_pipeline))

max_iters = 6000
optim_wrapper = dict(type='BFloat16OptimWrapper')
train_cfg = dict(max_iters=max_iters, val_interval=max_iters + 1)
_base_.param_scheduler[1].end = max_iters
default_hooks = dict(checkpoint=dict(interval=250, max_keep_ckpts=2))
# nothing to validate on
val_dataloader = val_cfg = val_evaluator = None
test_dataloader = test_cfg = test_evaluator = None
