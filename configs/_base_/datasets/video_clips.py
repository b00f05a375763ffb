# Clips of real video with masks where there are any: keymasks. The final training takes the dense
# labels instead, see configs/README.md. Frames and labels lie below data_root.
_base_ = './test_videos.py'
num_frames = 3

# As published: cut, colours and rotation are drawn anew for each frame of a clip, so that a still
# object moves; size and flip are drawn once. With share_random_params=True in every
# TransformBroadcaster all frames are augmented alike.
train_pipeline = [
    dict(type='KeymaskClipSample', num_frames=num_frames, frame_range=20),
    dict(
        type='TransformBroadcaster',
        share_random_params=False,
        transforms=[
            dict(type='LoadImageFromFile', backend_args=_base_.backend_args),
            dict(type='LoadKeymasks'),
            dict(
                type='RandomCrop',
                crop_size=(600, 720),
                crop_type='absolute_range',
                allow_negative_crop=True),
        ]),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(
                type='RandomChoiceResize',
                scales=[(1333, 360), (1333, 480)],
                resize_type='KeymaskResize',
                keep_ratio=True,
                backend='pillow'),
            dict(type='RandomFlip', prob=0.5),
        ]),
    dict(
        type='TransformBroadcaster',
        share_random_params=False,
        transforms=[
            dict(type='ClipColorJitter', brightness=0.1, contrast=0.1, prob=1.0),
            dict(type='ClipRotate', max_angle=15.0, prob=1.0, centre_range=(0.4, 0.6)),
            dict(type='DropEmptyKeymasks'),
        ]),
    dict(type='PadClip'),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    batch_sampler=dict(type='TrackAspectRatioBatchSampler'),
    dataset=dict(
        type=_base_.dataset_type,
        data_root=_base_.data_root,
        ann_file='annotations/keymasks.json',
        data_prefix=dict(img_path='frames/'),
        min_frames=num_frames,
        pipeline=train_pipeline))
val_dataloader = _base_.test_dataloader
val_evaluator = _base_.test_evaluator
