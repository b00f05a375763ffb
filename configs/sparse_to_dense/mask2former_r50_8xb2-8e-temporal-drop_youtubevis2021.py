# Temporal DropLoss in mmdet's own Mask2FormerVideo with its own head and schedule: frames of a clip
# without a keymask give no mask loss. Start from class-agnostic image weights: set `load_from`.
_base_ = 'mmdet::mask2former_vis/mask2former_r50_8xb2-8e_youtubevis2021.py'

# mmdet's head hands the cross entropy over flattened: its number of points separates the frames
num_points = 12544
model = dict(
    backbone=dict(init_cfg=None),
    track_head=dict(
        num_classes=1,
        loss_cls=dict(class_weight=[1.0, 0.1]),
        loss_mask=dict(
            _delete_=True,
            type='s2d_plugins.TemporalDropLoss',
            loss=_base_.model.track_head.loss_mask,
            num_points=num_points),
        loss_dice=dict(
            _delete_=True,
            type='s2d_plugins.TemporalDropLoss',
            loss=_base_.model.track_head.loss_dice),
        train_cfg=dict(num_points=num_points)),
    init_cfg=None)

train_pipeline = [
    dict(type='s2d_plugins.KeymaskClipSample', num_frames=2, frame_range=20, choice='keymask'),
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(640, 360), keep_ratio=True, backend='pillow'),
            dict(type='s2d_plugins.LoadKeymasks'),
            dict(type='RandomFlip', prob=0.5),
        ]),
    dict(type='PackTrackInputs')
]
test_pipeline = [
    dict(
        type='TransformBroadcaster',
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(640, 360), keep_ratio=True, backend='pillow'),
        ]),
    dict(type='PackTrackInputs')
]

data_root = 'data/youtube_vis_2021/'
val_ann_file = 'annotations/youtube_vis_2021_train.json'
dataset = dict(
    _delete_=True,
    type='s2d_plugins.KeymaskDataset',
    data_root=data_root,
    data_prefix=dict(img_path='train/JPEGImages/'))
train_dataloader = dict(
    dataset=dict(dataset, ann_file='annotations/keymasks.json', pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(dataset, ann_file=val_ann_file, test_mode=True, pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = dict(
    _delete_=True, type='s2d_plugins.ClassAgnosticVISMetric', ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
