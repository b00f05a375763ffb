_base_ = [
    '../_base_/recipes/s2d_swin-t_accum4.py',
    '../_base_/datasets/davis2017_keymask_clips.py',
]
