# Variant 8: the published augmentation, scaled to frames of 64 x 96, drawn once for all frames of a
# clip.
_base_ = './temporal_droploss.py'

train_pipeline = [
    _base_.train_pipeline[0],
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadKeymasks'),
            dict(
                type='RandomCrop',
                crop_size=(53, 64),
                crop_type='absolute_range',
                allow_negative_crop=True),
        ]),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[dict(type='RandomFlip', prob=0.5)]),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='ClipColorJitter', brightness=0.1, contrast=0.1, prob=1.0),
            dict(type='ClipRotate', max_angle=15.0, prob=1.0),
            dict(type='DropEmptyKeymasks'),
        ]),
    dict(type='PadClip'),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
