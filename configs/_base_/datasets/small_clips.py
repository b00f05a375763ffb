# Small clips for a CPU: 3 frames of about 160 x 288 pixels with light augmentation, alike in all
# frames: what trains from scratch in minutes has no time to learn made motion.
_base_ = './video_clips.py'

train_pipeline = [
    dict(type='KeymaskClipSample', num_frames=_base_.num_frames, frame_range=20,
         choice='instances', strides=(1, 2, 3)),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile', backend_args=_base_.backend_args),
            dict(type='RandomResize', scale=(288, 160), ratio_range=(0.8, 1.2), keep_ratio=True),
            dict(type='LoadKeymasks'),
            dict(type='RandomCrop', crop_size=(288, 288), allow_negative_crop=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='ClipColorJitter', brightness=0.2, contrast=0.2, pivot='grey'),
            dict(type='DropEmptyKeymasks'),
        ]),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]
test_pipeline = [
    dict(
        type='TransformBroadcaster',
        transforms=[
            dict(type='LoadImageFromFile', backend_args=_base_.backend_args),
            dict(type='Resize', scale=(288, 160), keep_ratio=True),
        ]),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]

train_dataloader = dict(
    batch_size=2, num_workers=2, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
