# YouTube-VIS 2021: clips of its videos; measured on its training masks.
_base_ = './video_clips.py'
data_root = 'data/youtube_vis_2021/'
val_ann_file = 'annotations/youtube_vis_2021_train.json'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(img_path='train/JPEGImages/')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file=val_ann_file,
        data_prefix=dict(img_path='train/JPEGImages/')))
test_dataloader = val_dataloader

val_evaluator = dict(ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
