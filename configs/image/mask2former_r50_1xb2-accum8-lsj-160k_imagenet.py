_base_ = [
    '../_base_/recipes/image_r50_accum8.py',
    '../_base_/datasets/imagenet_image_masks.py',
]
