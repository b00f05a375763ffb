# Final training: clips within +-20 frames of the dense label set, with copy-paste between clips.
_base_ = './keymask_clips.py'

clip_pipeline = [
    dict(
        type='KeymaskClipSample',
        num_frames=_base_.num_frames,
        frame_range=20,
        consecutive=False),
    _base_.train_pipeline[1],
]
train_pipeline = [
    dict(type='ClipCopyPaste', prob=1.0, scale_range=(0.8, 1.0)),
    dict(type='PackTrackInputs', default_meta_keys=_base_.pack_meta_keys),
]

train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        dataset=dict(
            type=_base_.dataset_type,
            data_root=_base_.data_root,
            ann_file='annotations/dense.json',
            data_prefix=dict(img_path='train/JPEGImages/'),
            min_score=0.75,
            min_frames=_base_.num_frames,
            pipeline=clip_pipeline),
        pipeline=train_pipeline))
