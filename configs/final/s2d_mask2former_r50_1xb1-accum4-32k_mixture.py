_base_ = [
    '../_base_/recipes/s2d_r50_accum4.py',
    '../_base_/datasets/zero_shot_mixture.py',
]

train_dataloader = dict(dataset=dict(datasets=[
    dict(source, ann_file='annotations/dense.json', min_score=0.75) for source in _base_.sources
]))
