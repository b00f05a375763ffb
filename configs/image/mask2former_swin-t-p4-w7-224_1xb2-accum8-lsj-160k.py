_base_ = [
    '../_base_/recipes/image_swin-t_accum8.py',
    '../_base_/datasets/image_masks.py',
]
