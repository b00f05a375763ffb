_base_ = [
    '../_base_/recipes/image_swin-t.py',
    '../_base_/datasets/imagenet_image_masks.py',
]
