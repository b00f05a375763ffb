# OVIS, validation split of 140 videos, on its own annotations.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/ovis/'
ann_file = 'annotations/ovis_valid.json'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file=ann_file, data_prefix=dict(img_path='valid/')))
test_evaluator = dict(ann_file=data_root + ann_file)
