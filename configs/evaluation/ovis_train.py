# OVIS, training split of 607 videos, as in VideoCutLER's protocol.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/ovis/'
ann_file = 'annotations/ovis_train.json'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file=ann_file, data_prefix=dict(img_path='train/')))
test_evaluator = dict(ann_file=data_root + ann_file)
