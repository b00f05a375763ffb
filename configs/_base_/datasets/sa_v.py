# SA-V: clips of its videos; measured on its validation masks.
_base_ = './video_clips.py'
data_root = 'data/sa_v/'
val_ann_file = 'sav_val/annotations/sa_v_all.json'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(img_path='train_frames/')))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file=val_ann_file,
        data_prefix=dict(img_path='sav_val/JPEGImages_24fps/')))
test_dataloader = val_dataloader

val_evaluator = dict(ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
