_base_ = [
    '../_base_/recipes/s2d_r50_accum4.py',
    '../_base_/datasets/video_clips.py',
]
