# OVIS: clips of its videos; measured on its training masks.
_base_ = './video_clips.py'
data_root = 'data/ovis/'
val_ann_file = 'annotations/ovis_train.json'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(img_path='train/')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file=val_ann_file,
        data_prefix=dict(img_path='train/')))
test_dataloader = val_dataloader

val_evaluator = dict(ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
