_base_ = [
    '../_base_/recipes/image_r50_accum8.py',
    '../_base_/datasets/image_masks.py',
]
