_base_ = [
    '../_base_/recipes/s2d_r50.py',
    '../_base_/datasets/youtube_vis_2021.py',
]

train_dataloader = dict(dataset=dict(ann_file='annotations/dense.json', min_score=0.75))
