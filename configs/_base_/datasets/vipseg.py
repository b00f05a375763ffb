# VIPSeg at 720p: clips of its videos; measured on its validation masks.
_base_ = './video_clips.py'
data_root = 'data/VIPSeg_720P/'
val_ann_file = 'annotations/vipseg_val.json'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(img_path='images/')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file=val_ann_file,
        data_prefix=dict(img_path='images/')))
test_dataloader = val_dataloader

val_evaluator = dict(ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
