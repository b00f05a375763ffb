# DAVIS 2016, validation split of 20 sequences with one object each: J and F of the best track. The
# masks are those of the release of 2016, 0 and 255; the release of 2017 holds those of 2017.
_base_ = '../_base_/recipes/evaluation_r50.py'
data_root = 'data/DAVIS2016/'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/davis2016_val.json',
        data_prefix=dict(img_path='JPEGImages/480p/')))
test_evaluator = dict(
    _delete_=True, type='DAVISMetric', gt_dir=data_root + 'Annotations/480p')
