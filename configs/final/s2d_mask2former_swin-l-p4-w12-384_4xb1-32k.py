_base_ = [
    '../_base_/recipes/s2d_swin-l.py',
    '../_base_/datasets/video_clips.py',
]

train_dataloader = dict(dataset=dict(ann_file='annotations/dense.json', min_score=0.75))
