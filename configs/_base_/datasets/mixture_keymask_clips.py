# A mixture: keymasks of four sets; a set is drawn as often as it has videos.
# Measured as in keymask_clips.py.
_base_ = './keymask_clips.py'

source = dict(
    type=_base_.dataset_type,
    ann_file='annotations/keymasks.json',
    min_frames=_base_.num_frames,
    pipeline=_base_.train_pipeline)
sources = [
    dict(
        source,
        data_root='data/youtube_vis_2021/',
        data_prefix=dict(img_path='train/JPEGImages/')),
    dict(source, data_root='data/mose/', data_prefix=dict(img_path='train/JPEGImages/')),
    dict(source, data_root='data/VIPSeg_720P/', data_prefix=dict(img_path='images/')),
    dict(source, data_root='data/sa_v/', data_prefix=dict(img_path='train_frames/')),
]

train_dataloader = dict(
    dataset=dict(_delete_=True, type='ConcatDataset', datasets=sources))
