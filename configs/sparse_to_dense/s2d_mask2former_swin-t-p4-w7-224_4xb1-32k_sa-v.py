_base_ = [
    '../_base_/recipes/s2d_swin-t.py',
    '../_base_/datasets/sa_v_keymask_clips.py',
]
