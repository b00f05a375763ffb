_base_ = [
    '../_base_/recipes/image_swin-t.py',
    '../_base_/datasets/image_masks.py',
]
