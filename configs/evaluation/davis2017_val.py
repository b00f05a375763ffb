# DAVIS 2017, validation split of 30 sequences: J and F of the unsupervised task.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/DAVIS/'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/davis2017_unsupervised_val.json',
        data_prefix=dict(img_path='JPEGImages/480p/')))
test_evaluator = dict(
    _delete_=True, type='DAVISMetric', gt_dir=data_root + 'Annotations_unsupervised/480p')
