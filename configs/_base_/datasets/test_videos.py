# Whole videos to measure on, with the labels of data_root; frames lie below it too.
dataset_type = 'KeymaskDataset'
data_root = 'data/my_videos/'
backend_args = None

# 'instances' stays out: the RLEs of a clip need not travel to the training process.
pack_meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip',
                  'flip_direction', 'frame_id', 'video_id', 'video_length', 'ori_video_length')

# Pillow's resizing is antialiased, as published; backend='cv2' is faster and keeps more fine detail
test_pipeline = [
    dict(
        type='TransformBroadcaster',
        transforms=[
            dict(type='LoadImageFromFile', backend_args=backend_args),
            dict(type='Resize', scale=(1333, 360), keep_ratio=True, backend='pillow'),
        ]),
    dict(type='PackTrackInputs', default_meta_keys=pack_meta_keys),
]

test_dataloader = dict(
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

test_evaluator = dict(
    type='ClassAgnosticVISMetric', ann_file=data_root + 'annotations/instances_val.json')
