# Clips of real video with masks where there are any: keymasks. The final training takes the dense
# labels instead, see configs/README.md. Frames and labels lie below data_root.
dataset_type = 'KeymaskDataset'
data_root = 'data/my_videos/'
backend_args = None
num_frames = 3

# 'instances' stays out: the RLEs of a clip need not travel to the training process.
pack_meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip',
                  'flip_direction', 'frame_id', 'video_id', 'video_length', 'ori_video_length')

# As published: cut, colours and rotation are drawn anew for each frame of a clip, so that a still
# object moves; size and flip are drawn once. With share_random_params=True in every
# TransformBroadcaster all frames are augmented alike.
train_pipeline = [
    dict(type='KeymaskClipSample', num_frames=num_frames, frame_range=20),
    dict(
        type='TransformBroadcaster',
        share_random_params=False,
        transforms=[
            dict(type='LoadImageFromFile', backend_args=backend_args),
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
    dict(type='PackTrackInputs', default_meta_keys=pack_meta_keys),
]
test_pipeline = [
    dict(
        type='TransformBroadcaster',
        transforms=[
            dict(type='LoadImageFromFile', backend_args=backend_args),
            dict(type='Resize', scale=(1333, 360), keep_ratio=True, backend='pillow'),
        ]),
    dict(type='PackTrackInputs', default_meta_keys=pack_meta_keys),
]

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    batch_sampler=dict(type='TrackAspectRatioBatchSampler'),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/keymasks.json',
        data_prefix=dict(img_path='frames/'),
        min_frames=num_frames,
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img_path='frames/'),
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = dict(
    type='ClassAgnosticVISMetric', ann_file=data_root + 'annotations/instances_val.json')
test_evaluator = val_evaluator
