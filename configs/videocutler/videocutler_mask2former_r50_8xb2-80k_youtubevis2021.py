_base_ = './videocutler_mask2former_r50_8xb2-80k.py'

data_root = 'data/youtube_vis_2021/'
val_ann_file = 'annotations/youtube_vis_2021_train.json'
images = dict(data_root=data_root, data_prefix=dict(img_path='train/JPEGImages/'))
train_dataloader = dict(dataset=dict(dataset=images))
val_dataloader = dict(dataset=dict(images, ann_file=val_ann_file))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + val_ann_file)
test_evaluator = val_evaluator
