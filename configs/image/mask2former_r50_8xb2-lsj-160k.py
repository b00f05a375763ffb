_base_ = [
    '../_base_/recipes/image_r50.py',
    '../_base_/datasets/image_masks.py',
]
