# Clips of VideoCutLER's training: within +-20 frames of the dense labels, with copy-paste between
# clips. The official copy-paste draws a new size and place for every frame; ours one per clip.
_base_ = './video_clips.py'

clip_pipeline = [
    dict(
        type='KeymaskClipSample', num_frames=_base_.num_frames, frame_range=20, choice='any'),
    *_base_.train_pipeline[1:-1],
]
paste_pipeline = [
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
            data_prefix=dict(img_path='frames/'),
            min_score=0.75,
            min_frames=_base_.num_frames,
            pipeline=clip_pipeline),
        pipeline=paste_pipeline))
