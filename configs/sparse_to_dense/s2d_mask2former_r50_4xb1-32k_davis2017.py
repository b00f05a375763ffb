_base_ = [
    '../_base_/recipes/s2d_r50.py',
    '../_base_/datasets/davis2017_keymask_clips.py',
]
