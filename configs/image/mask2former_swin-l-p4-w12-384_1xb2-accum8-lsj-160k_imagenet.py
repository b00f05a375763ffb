_base_ = [
    '../_base_/recipes/image_swin-l_accum8.py',
    '../_base_/datasets/imagenet_image_masks.py',
]
