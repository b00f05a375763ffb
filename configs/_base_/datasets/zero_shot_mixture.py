# The zero-shot mixture, about 13,000 videos: SA-V, MOSE and VIPSeg; a set is drawn as often as it
# has videos. Measured on YouTube-VIS 2019, which has no part in it.
_base_ = './youtube_vis_2019.py'

source = dict(
    type=_base_.dataset_type,
    ann_file='annotations/keymasks.json',
    min_frames=_base_.num_frames,
    pipeline=_base_.train_pipeline)
sources = [
    dict(source, data_root='data/sa_v/', data_prefix=dict(img_path='train_frames/')),
    dict(source, data_root='data/mose/', data_prefix=dict(img_path='train/JPEGImages/')),
    dict(source, data_root='data/VIPSeg_720P/', data_prefix=dict(img_path='images/')),
]

train_dataloader = dict(
    dataset=dict(_delete_=True, type='ConcatDataset', datasets=sources))
