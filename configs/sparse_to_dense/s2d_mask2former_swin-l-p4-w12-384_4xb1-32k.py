_base_ = [
    '../_base_/recipes/s2d_swin-l.py',
    '../_base_/datasets/video_clips.py',
]
