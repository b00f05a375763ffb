_base_ = [
    '../_base_/recipes/s2d_r50.py',
    '../_base_/datasets/zero_shot_mixture.py',
]
