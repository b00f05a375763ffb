_base_ = [
    '../_base_/recipes/s2d_swin-t.py',
    '../_base_/datasets/video_clips.py',
]
