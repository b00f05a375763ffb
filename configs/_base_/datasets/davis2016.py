# DAVIS 2016: clips of its videos; measured on its validation masks.
_base_ = './video_clips.py'
data_root = 'data/DAVIS/'
val_ann_file = 'annotations/davis2016_val.json'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(img_path='JPEGImages/480p/')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file=val_ann_file,
        data_prefix=dict(img_path='JPEGImages/480p/')))
test_dataloader = val_dataloader

val_evaluator = dict(ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
